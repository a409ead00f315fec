import { runtimeTransport } from "../../src/runtime/transport.ts";
import { connectionTests } from "../support/connection_tests.ts";
import { transportTests } from "../support/transport_tests.ts";
import { wireTests } from "../support/wire_tests.ts";

transportTests("this runtime's transport");
connectionTests("this runtime's transport", runtimeTransport());
wireTests("this runtime's transport", runtimeTransport());

import { runtimeTransport } from "../../src/runtime/transport.ts";
import { connectionTests } from "../support/connection_tests.ts";
import { transportTests } from "../support/transport_tests.ts";

transportTests("this runtime's transport");
connectionTests("this runtime's transport", runtimeTransport());

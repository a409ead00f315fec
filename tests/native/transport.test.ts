import { transportTests } from "../support/transport_tests.ts";

transportTests("this runtime's transport");

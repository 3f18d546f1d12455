"""Support for the tests: letters, a council, real servers, and servers that misbehave on purpose."""

"""What the tests stand on: letters, a council, real servers, and servers that misbehave on purpose."""

"""Commands: the only room that wires engines into services and the screen."""

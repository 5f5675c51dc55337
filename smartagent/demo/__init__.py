"""A believable month: people, readings and rules are made up; what follows is what the dispatcher really did."""

"""How reliably deliveries arrive: figures by kind and channel, a service level goal, and its error budget."""

"""The journey of one client through all four services, walked over HTTP and watched on the bus."""

"""Bookable time, and its bookings."""

"""Events such as an injury or surgery, and the work-up before a procedure."""

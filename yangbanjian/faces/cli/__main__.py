"""`python -m yangbanjian.faces.cli`."""

from yangbanjian.faces.cli import main

main()

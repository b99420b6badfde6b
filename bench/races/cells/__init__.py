"""All races, in the order in which they are run and reported: one file for each family."""

from . import compressed, connect, echo, encrypted, fan_out, files, idle, responses

FAMILIES = (echo, encrypted, compressed, fan_out, responses, files, connect, idle)
CELLS = {cell.name: cell for family in FAMILIES for cell in family.CELLS}

"""firstsign: how long from the first sign to the diagnosis, and what do the usual numbers hide?

Every public name is listed in `__init__.pyi`; a module is loaded when one of its names is first used, so that the
command line answers at once.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

"""Reports: notebooks run with parameters, published as versions that can be read offline and compared.

parameters  what a notebook takes, read from its typed cell     catalogue  which notebooks make up a report
inputs      what a version was made from, and its hash          running    notebooks through papermill, in parallel
executed    what an executed notebook holds                     versions   folders that appear whole or not at all
rendering   cells as HTML                                       pages      the pages of a version, and of all versions
making      `make_report`: all of it in order
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"making": ["make_report"]})

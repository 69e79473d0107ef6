/* The payload formats of the server: all there are. NULL-terminated. */
#ifndef LW_SERVER_SHARED_FORMATS_H
#define LW_SERVER_SHARED_FORMATS_H

#include "lw/format.h"

extern const lw_format *const lw_server_formats[];

#endif

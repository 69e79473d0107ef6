/* api/openapi.yaml, as it was when the server was built. */
#ifndef LW_API_OPENAPI_H
#define LW_API_OPENAPI_H

#include "lw/bytes.h"

lw_bytes openapi_document(void);

#endif

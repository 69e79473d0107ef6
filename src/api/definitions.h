/* Puts the definitions that were uploaded before into force again. */
#ifndef LW_API_DEFINITIONS_H
#define LW_API_DEFINITIONS_H

#include "api/models.h"
#include "lw/ports.h"

LW_MUST_CHECK lw_err definitions_load(models *m, lw_store *store);

#endif

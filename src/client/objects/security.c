#include "lw/core_objects.h"
#include "lw/objects.h"

/* No hooks: nobody but the bootstrap reaches /0, and it judges the account as a whole (BS-40). */
#define OBJECT(version, LIST)                                            \
    LW_DECLARE_STRUCT(security_##version, LIST)                          \
    LW_DECLARE_VERSION(lw_security_object_##version, security_##version, \
                       lw_object_0_v##version##_core, LIST, LW_SERVERS_MAX + 1, NULL)

OBJECT(1_0, LW_SECURITY_1_0)
OBJECT(1_1, LW_SECURITY_1_1)
OBJECT(1_2, LW_SECURITY_1_1)

LW_DECLARE_STRUCT(security_minimal, LW_SECURITY_MINIMAL)
LW_DECLARE_VERSION(lw_security_minimal_object, security_minimal, lw_object_0_v1_1_minimal,
                   LW_SECURITY_MINIMAL, 1, NULL)

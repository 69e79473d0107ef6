#include "lw/objects.h"
#include "lw/standard_objects.h"

LW_DECLARE_OBJECT(lw_reboot_status, lw_object_10371_v1_0, LW_REBOOT_STATUS, 1, NULL)

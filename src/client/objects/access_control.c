#include "lw/core_objects.h"
#include "lw/objects.h"

LW_DECLARE_STRUCT(access_control, LW_ACCESS_CONTROL)
LW_DECLARE_VERSION(lw_access_control_object_1_0, access_control, lw_object_2_v1_0,
                   LW_ACCESS_CONTROL, LW_ACCESS_CONTROLS_MAX, NULL)
LW_DECLARE_VERSION(lw_access_control_object_1_1, access_control, lw_object_2_v1_1,
                   LW_ACCESS_CONTROL, LW_ACCESS_CONTROLS_MAX, NULL)

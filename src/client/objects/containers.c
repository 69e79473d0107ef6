/* Objects whose instances belong to the servers: 16 Portfolio, 19 BinaryAppDataContainer. */
#include "lw/objects.h"
#include "lw/standard_objects.h"

static lw_err agree(void *ctx, lw_tree *tree, lw_path instance)
{
    (void)ctx;
    (void)tree;
    (void)instance;
    return LW_OK;
}

static const lw_object_hooks hooks = {.create = agree, .remove = agree};

LW_DECLARE_OBJECT(lw_portfolio, lw_object_16_v1_0, LW_PORTFOLIO, LW_PORTFOLIO_INSTANCES, &hooks)
LW_DECLARE_OBJECT(lw_app_data, lw_object_19_v1_0, LW_APP_DATA, LW_APP_DATA_INSTANCES, &hooks)

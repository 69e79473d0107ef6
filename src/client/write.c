#include "client/apply.h"

lw_err lw_serve_write(const lw_call *call)
{
    static const lw_apply_rules rules = {.check = lw_apply_check_link};
    lw_apply apply;
    lw_apply_init(&apply, call, &rules);
    apply.replace = call->request.op == LW_OP_WRITE;
    return lw_apply_as_whole(&apply);
}

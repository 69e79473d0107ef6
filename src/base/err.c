#include "lw/err.h"

const char *lw_err_name(lw_err err)
{
    switch (err) {
#define LW_ERR_CASE(name, value, text) \
    case name:                         \
        return #name;
        LW_ERR_LIST(LW_ERR_CASE)
#undef LW_ERR_CASE
    }
    return "LW_E?";
}

const char *lw_err_text(lw_err err)
{
    switch (err) {
#define LW_ERR_CASE(name, value, text) \
    case name:                         \
        return text;
        LW_ERR_LIST(LW_ERR_CASE)
#undef LW_ERR_CASE
    }
    return "unknown error";
}

/* Arguments of Execute (DM-61), as an execute hook meets them: 5 or 2='10.3' or 0,1,2='a'.
 *
 *   arglist = arg *("," arg)      arg = DIGIT / DIGIT "=" "'" *CHAR "'"
 *
 * CHAR is printable ASCII without blank, double quote, quote and backslash: nothing can be escaped
 * (P-DM-17). A digit stands there once (P-DM-18).
 */
#ifndef LW_EXECUTE_H
#define LW_EXECUTE_H

#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lw_exec_arg {
    uint8_t digit;  /* 0..9 */
    lw_bytes value; /* without quotes; ptr is NULL when no "=" stood there */
} lw_exec_arg;

typedef struct lw_exec_args {
    lw_bytes rest;
    uint16_t seen; /* bit d: digit d was read */
} lw_exec_args;

/* The payload is borrowed; empty means no arguments. */
lw_exec_args lw_exec_args_of(lw_bytes payload);

/* LW_OK, LW_END, or LW_EFORMAT. Check all before acting on the first. */
LW_MUST_CHECK lw_err lw_exec_args_next(lw_exec_args *args, lw_exec_arg *out_arg);

/* The argument of that digit in a payload that is well formed as a whole: LW_OK, LW_ENOTFOUND, or
 * LW_EFORMAT. */
LW_MUST_CHECK lw_err lw_exec_args_find(lw_bytes payload, uint8_t digit, lw_exec_arg *out_arg);

#ifdef __cplusplus
}
#endif
#endif

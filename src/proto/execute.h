/* Arguments of Execute (DM-61), the server's half: writing them. Reading is lw/execute.h.
 */
#ifndef LW_PROTO_EXECUTE_H
#define LW_PROTO_EXECUTE_H

#include "base/writer.h"
#include "lw/execute.h"

/* Appends one argument to what `w` holds; `seen` starts at 0. The writer fails with LW_EINVAL for
 * what the grammar cannot express. */
void lw_exec_args_put(lw_writer *w, uint16_t *seen, lw_exec_arg arg);

#endif

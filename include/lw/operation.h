/* The operations of LwM2M, in the order of its tables (protocol.md section 15). */
#ifndef LW_OPERATION_H
#define LW_OPERATION_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lw_op {
    /* Bootstrap: the first two go up, the others down */
    LW_OP_BS_REQUEST,
    LW_OP_BS_PACK_REQUEST,
    LW_OP_BS_DISCOVER,
    LW_OP_BS_READ,
    LW_OP_BS_WRITE,
    LW_OP_BS_DELETE,
    LW_OP_BS_FINISH,
    /* Registration: up */
    LW_OP_REGISTER,
    LW_OP_UPDATE,
    LW_OP_DEREGISTER,
    /* Device management: down */
    LW_OP_READ,
    LW_OP_DISCOVER,
    LW_OP_WRITE, /* replace */
    LW_OP_WRITE_PARTIAL,
    LW_OP_WRITE_ATTRIBUTES,
    LW_OP_EXECUTE,
    LW_OP_CREATE,
    LW_OP_DELETE,
    LW_OP_READ_COMPOSITE,
    LW_OP_WRITE_COMPOSITE,
    /* Information reporting: down, and Send up. Notify is a response */
    LW_OP_OBSERVE,
    LW_OP_CANCEL,
    LW_OP_OBSERVE_COMPOSITE,
    LW_OP_CANCEL_COMPOSITE,
    LW_OP_SEND,
    LW_OP_COUNT
} lw_op;

/* "Bootstrap-Request", "Write Replace", …; for people. */
const char *lw_op_name(lw_op op);

#ifdef __cplusplus
}
#endif
#endif

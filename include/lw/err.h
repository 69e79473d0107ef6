/* The one error type of the libraries.
 *
 * Zero is success, then come two flow signals, then the failures. A function that can return a flow
 * signal says which in its contract; every other function returns LW_OK or a failure. A CoAP
 * response code is another type (lw_coap_code) and is chosen in one place, src/proto.
 */
#ifndef LW_ERR_H
#define LW_ERR_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* name, value, sentence */
#define LW_ERR_LIST(X)                                                  \
    X(LW_OK, 0, "success")                                              \
    X(LW_AGAIN, 1, "more input is needed, or the answer comes later")   \
    X(LW_END, 2, "nothing follows")                                     \
    X(LW_ENOMEM, 3, "out of memory, or a stated ceiling was reached")   \
    X(LW_EFORMAT, 4, "the bytes do not follow their format")            \
    X(LW_ETYPE, 5, "the value has another type than its resource")      \
    X(LW_ERANGE, 6, "the value is outside its range")                   \
    X(LW_ETOOBIG, 7, "larger than the limit or the buffer")             \
    X(LW_EDEPTH, 8, "nested too deeply")                                \
    X(LW_EPROTO, 9, "the peer broke the protocol")                      \
    X(LW_EINVAL, 10, "an argument does not fit its contract")           \
    X(LW_ENOTFOUND, 11, "no such thing")                                \
    X(LW_EEXISTS, 12, "it is there already")                            \
    X(LW_ENOTSUP, 13, "not supported in this build, version or format") \
    X(LW_EDENIED, 14, "the rights do not allow it")                     \
    X(LW_EMETHOD, 15, "the target does not offer this operation")       \
    X(LW_ESTATE, 16, "not possible in this state")                      \
    X(LW_ETIMEOUT, 17, "no answer in time")                             \
    X(LW_ERESET, 18, "the peer answered with Reset")                    \
    X(LW_ECANCELED, 19, "cancelled by its owner")                       \
    X(LW_EIO, 20, "the outside world failed")

typedef enum lw_err {
#define LW_ERR_ENUM(name, value, text) name = (value),
    LW_ERR_LIST(LW_ERR_ENUM)
#undef LW_ERR_ENUM
} lw_err;

/* Neither success nor a flow signal. */
static inline bool lw_err_is_failure(lw_err err)
{
    return err > LW_END;
}

/* On every function whose result decides what happens next. */
#if defined(__GNUC__)
#define LW_MUST_CHECK __attribute__((warn_unused_result))
#else
#define LW_MUST_CHECK
#endif

/* "LW_EFORMAT" and "the bytes do not follow their format"; static strings, never NULL. */
const char *lw_err_name(lw_err err);
const char *lw_err_text(lw_err err);

#ifdef __cplusplus
}
#endif
#endif

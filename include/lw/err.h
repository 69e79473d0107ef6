/* The one error type of the libraries.
 *
 * Zero is success, failures are negative, flow signals are positive. A function that can return a
 * flow signal says which in its contract; every other function returns LW_OK or a failure. A CoAP
 * response code is another type (lw_coap_code) and is chosen in one place, src/proto.
 */
#ifndef LW_ERR_H
#define LW_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

/* name, value, sentence */
#define LW_ERR_LIST(X)                                                   \
    X(LW_OK, 0, "success")                                               \
    X(LW_AGAIN, 1, "more input is needed, or the answer comes later")    \
    X(LW_END, 2, "nothing follows")                                      \
    X(LW_ENOMEM, -1, "out of memory, or a stated ceiling was reached")   \
    X(LW_EFORMAT, -2, "the bytes do not follow their format")            \
    X(LW_ETYPE, -3, "the value has another type than its resource")      \
    X(LW_ERANGE, -4, "the value is outside its range")                   \
    X(LW_ETOOBIG, -5, "larger than the limit or the buffer")             \
    X(LW_EDEPTH, -6, "nested too deeply")                                \
    X(LW_EPROTO, -7, "the peer broke the protocol")                      \
    X(LW_EINVAL, -8, "an argument does not fit its contract")            \
    X(LW_ENOTFOUND, -9, "no such thing")                                 \
    X(LW_EEXISTS, -10, "it is there already")                            \
    X(LW_ENOTSUP, -11, "not supported in this build, version or format") \
    X(LW_EDENIED, -12, "the rights do not allow it")                     \
    X(LW_EMETHOD, -13, "the target does not offer this operation")       \
    X(LW_ESTATE, -14, "not possible in this state")                      \
    X(LW_ETIMEOUT, -15, "no answer in time")                             \
    X(LW_ERESET, -16, "the peer answered with Reset")                    \
    X(LW_ECANCELED, -17, "cancelled by its owner")                       \
    X(LW_EIO, -18, "the outside world failed")

typedef enum lw_err {
#define LW_ERR_ENUM(name, value, text) name = (value),
    LW_ERR_LIST(LW_ERR_ENUM)
#undef LW_ERR_ENUM
} lw_err;

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

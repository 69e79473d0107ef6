/* The payload formats a program can name in its table. What it does not name is not linked. */
#ifndef LW_FORMAT_H
#define LW_FORMAT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lw_format lw_format;

extern const lw_format lw_format_text;       /* 0 text/plain */
extern const lw_format lw_format_opaque;     /* 42 application/octet-stream */
extern const lw_format lw_format_cbor;       /* 60 application/cbor, one value */
extern const lw_format lw_format_senml_json; /* 110 */
extern const lw_format lw_format_senml_cbor; /* 112 */
extern const lw_format lw_format_etch_json;  /* 320, bodies of composites */
extern const lw_format lw_format_etch_cbor;  /* 322, bodies of composites */
extern const lw_format lw_format_tlv;        /* 11542 */
extern const lw_format lw_format_json;       /* 11543, LwM2M 1.0 */
extern const lw_format lw_format_lwm2m_cbor; /* 11544, LwM2M 1.2 */

#ifdef __cplusplus
}
#endif
#endif

/* All formats there are, and choices among them. */
#ifndef LW_PROTO_FORMATS_FOR_TESTS_H
#define LW_PROTO_FORMATS_FOR_TESTS_H

#include "proto/op.h"

static const lw_format *const every_format[] = {&lw_format_text,
                                                &lw_format_opaque,
                                                &lw_format_cbor,
                                                &lw_format_senml_json,
                                                &lw_format_senml_cbor,
                                                &lw_format_etch_json,
                                                &lw_format_etch_cbor,
                                                &lw_format_tlv,
                                                &lw_format_json,
                                                &lw_format_lwm2m_cbor,
                                                NULL};

#define CHOICE(v, ...) \
    ((lw_format_choice){.version = LW_VERSION_1_##v, .preferred = LW_CF_NONE, __VA_ARGS__})
#define PREFER(v, cf) ((lw_format_choice){.version = LW_VERSION_1_##v, .preferred = (cf)})
#define SINGLE(v, t)  CHOICE(v, .single = true, .type = LW_TYPE_##t)

#endif

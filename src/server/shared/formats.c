#include "server/shared/formats.h"

#include <stddef.h>

const lw_format *const lw_server_formats[] = {&lw_format_text,
                                              &lw_format_opaque,
                                              &lw_format_cbor,
                                              &lw_format_tlv,
                                              &lw_format_json,
                                              &lw_format_senml_json,
                                              &lw_format_senml_cbor,
                                              &lw_format_etch_json,
                                              &lw_format_etch_cbor,
                                              &lw_format_lwm2m_cbor,
                                              NULL};

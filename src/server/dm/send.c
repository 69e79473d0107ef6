#include "server/dm/send.h"

#include "proto/op.h"
#include "server/dm/kept.h"
#include "server/dm/record.h"
#include "server/shared/formats.h"

static lw_err refuse(lw_server *server, const lw_device *device, const lw_request *request,
                     lw_err err, lw_coap_reply *reply)
{
    reply->code = lw_op_code(LW_OP_SEND, err);
    server->stats.bad_payloads++;
    lw_server_event event = {.kind = LW_SERVER_BAD_PAYLOAD,
                             .code = reply->code,
                             .err = err,
                             .why = lw_err_text(err),
                             .format = (uint16_t)request->content_format,
                             .payload = request->payload};
    lw_server_log(server, LW_LOG_INFO, lw_device_name(device), "a Send that cannot be read");
    lw_server_tell(server, device, event);
    return LW_OK;
}

/* OBS-32: from a registered device, in a format for it. The sender is known by its address. */
lw_err lw_send_handle(lw_server *server, lw_peer *peer, const lw_coap_inbound *in,
                      const lw_request *request, lw_coap_reply *reply)
{
    lw_device *device = peer->device;
    if (device == NULL) {
        reply->code = LW_COAP_NOT_FOUND;
        return LW_OK;
    }
    lw_format_choice choice = {.formats = lw_server_formats,
                               .version = server->cfg.strict ? (lw_version)device->version
                                                             : LW_VERSION_NEWEST};
    const lw_format *format = lw_op_find_body_format(LW_OP_SEND, &choice, request->content_format);
    if (format == NULL) {
        return refuse(server, device, request, LW_ENOTSUP, reply);
    }
    lw_report report = {.device = device,
                        .source = LW_VALUE_SENT,
                        .format = format,
                        .payload = request->payload,
                        .base = lw_path_root()};
    lw_ticket ticket;
    lw_err err = lw_record_report(server, &report, &ticket);
    if (err == LW_ENOMEM || err == LW_EIO) {
        reply->code = LW_COAP_SERVICE_UNAVAILABLE; /* it keeps its data and sends again */
        return LW_OK;
    }
    if (err != LW_OK) {
        return refuse(server, device, request, err, reply);
    }
    server->stats.sends++;
    lw_server_event event = {.kind = LW_SERVER_SENT,
                             .format = (uint16_t)request->content_format,
                             .payload = request->payload};
    lw_server_tell(server, device, event);
    reply->code = LW_COAP_CHANGED;
    return ticket == 0 ? LW_OK : lw_kept_answer(server, peer, in->msg, LW_OP_SEND, ticket);
}

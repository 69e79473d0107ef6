/* Budget client-minimal: objects 0, 1 and 3, SenML CBOR and TLV, Observe, one server over UDP. */
#include "size_client.h"

static const lw_object *const objects[] = {&lw_security_minimal_object, &lw_server_minimal_object,
                                           &lw_device_minimal_object, NULL};
static const lw_format *const formats[] = {&lw_format_senml_cbor, &lw_format_tlv, NULL};
static const lw_client_feature *const features[] = {&lw_feature_observe, NULL};

int main(void)
{
    static const lw_client_cfg cfg = {.endpoint = "probe",
                                      .version = 11,
                                      .objects = objects,
                                      .formats = formats,
                                      .features = features,
                                      .platform = &platform};
    static const lw_client_account server = {
        .uri = "coap://192.0.2.1", .ssid = 1, .security = LW_SECURITY_NOSEC};
    lw_client *client;
    if (lw_client_init(&client, &cfg, memory, memory_size) != LW_OK ||
        lw_client_add_server(client, &server) != LW_OK) {
        return 1;
    }
    run(client);
    return 0;
}

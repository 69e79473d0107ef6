/* Budget client-1.2: what client-1.1 does, for several servers with Access Control; what cannot be
 * delivered is stored, state outlives a power loss, firmware is pushed or pulled; LwM2M CBOR.
 */
#include "lw/firmware.h"
#include "lw/ipso.h"
#include "size_client.h"

extern const lw_firmware_port firmware_port;

static const lw_object *const objects[] = {&lw_security_object_1_2,
                                           &lw_server_object_1_2,
                                           &lw_access_control_object_1_1,
                                           &lw_device_object_1_2,
                                           &lw_firmware_object_1_1,
                                           &lw_temperature_object,
                                           NULL};
static const lw_format *const formats[] = {
    &lw_format_lwm2m_cbor, &lw_format_senml_cbor, &lw_format_etch_cbor, &lw_format_tlv,
    &lw_format_cbor,       &lw_format_text,       &lw_format_opaque,    NULL};
static const lw_client_feature *const features[] = {
    &lw_feature_blockwise,      &lw_feature_create,
    &lw_feature_observe,        &lw_feature_observe_1_2,
    &lw_feature_thresholds,     &lw_feature_store,
    &lw_feature_composite,      &lw_feature_depth,
    &lw_feature_send,           &lw_feature_bootstrap,
    &lw_feature_bootstrap_pack, &lw_feature_access,
    &lw_feature_persist,        NULL};

static void on_event(lw_client *client, const lw_client_event *event)
{
    lw_path temperature = lw_path_instance(3303, 0);
    if (event->kind == LW_CLIENT_REGISTERED) {
        lw_client_record(client, temperature);
        lw_client_send(client, event->ssid, &temperature, 1);
    }
}

int main(void)
{
    static lw_updater updater;
    static const lw_client_cfg cfg = {.endpoint = "probe",
                                      .version = 12,
                                      .queue_mode = true,
                                      .objects = objects,
                                      .formats = formats,
                                      .features = features,
                                      .platform = &platform,
                                      .on_event = on_event,
                                      .servers_max = 2};
    static const lw_client_account server = {
        .uri = "coap://192.0.2.1", .bootstrap = true, .security = LW_SECURITY_NOSEC};
    lw_client *client;
    if (lw_client_init(&client, &cfg, memory, memory_size) != LW_OK ||
        lw_client_add_server(client, &server) != LW_OK ||
        lw_updater_start(&updater, lw_client_tree(client), &firmware_port, NULL) != LW_OK ||
        lw_sensor_add(lw_client_tree(client), 3303, 0, "Cel", -40, 85) != LW_OK) {
        return 1;
    }
    run(client);
    return 0;
}

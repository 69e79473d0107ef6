/* The objects every device has - Security, Server, Device - and Access Control, ready to be named
 * in lw_client_cfg.objects.
 *
 * Choose the versions that belong to the newest enabler the device announces:
 *
 *   1.0   lw_security_object_1_0   lw_server_object_1_0   lw_device_object_1_0
 *   1.1   lw_security_object_1_1   lw_server_object_1_1   lw_device_object_1_1
 *   1.2   lw_security_object_1_2   lw_server_object_1_2   lw_device_object_1_2
 *
 * or, of 1.1, lw_security_minimal_object, lw_server_minimal_object and lw_device_minimal_object:
 * what is mandatory and what people ask for first, for one server and no bootstrap. Sizes follow
 * from the macros below. Where other numbers of instances, other capacities or further resources
 * are needed, declare the object anew from the same list and hooks:
 *
 *   #define LW_SECURITY_SECRET_MAX 2048 (before the include)
 *   LW_DECLARE(security, lw_object_0_v1_1, LW_SECURITY_1_1, 8, NULL)
 *   LW_DECLARE(server, lw_object_1_v1_1, LW_SERVER_1_1, 7, &lw_server_hooks_1_1)
 */
#ifndef LW_CORE_OBJECTS_H
#define LW_CORE_OBJECTS_H

#include "lw/declare.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef LW_SERVERS_MAX
#define LW_SERVERS_MAX 2 /* instances of /1; /0 has one more, for the Bootstrap-Server */
#endif
#ifndef LW_SECURITY_URI_MAX
#define LW_SECURITY_URI_MAX 255
#endif
#ifndef LW_KEY_MAX
#define LW_KEY_MAX 64 /* octets; PSK and raw public keys fit, certificates take some 500 */
#endif
#ifndef LW_SECURITY_IDENTITY_MAX
#define LW_SECURITY_IDENTITY_MAX LW_KEY_MAX
#endif
#ifndef LW_SECURITY_SERVER_KEY_MAX
#define LW_SECURITY_SERVER_KEY_MAX LW_KEY_MAX
#endif
#ifndef LW_SECURITY_SECRET_MAX
#define LW_SECURITY_SECRET_MAX LW_KEY_MAX
#endif
#ifndef LW_ACCESS_CONTROLS_MAX
#define LW_ACCESS_CONTROLS_MAX 16 /* instances of /2 */
#endif
#ifndef LW_DEVICE_TEXT_MAX
#define LW_DEVICE_TEXT_MAX 32 /* octets of manufacturer, model, … */
#endif

/* ---- 0 Security -------------------------------------------------------------------------------
 * The resources for SMS, OSCORE, MQTT, NIDD and the fine print of TLS 1.3 are not declared: nothing
 * here would follow them. A platform that does adds their rows.
 */

#define LW_SECURITY_1_0(T, ONE, MANY, CALL)                   \
    ONE(T, STRING, uri, 0, LW_SECURITY_URI_MAX)               \
    ONE(T, BOOLEAN, bootstrap, 1, 0)                          \
    ONE(T, UINT8, mode, 2, 0)                                 \
    ONE(T, OPAQUE, identity, 3, LW_SECURITY_IDENTITY_MAX)     \
    ONE(T, OPAQUE, server_key, 4, LW_SECURITY_SERVER_KEY_MAX) \
    ONE(T, OPAQUE, secret, 5, LW_SECURITY_SECRET_MAX)         \
    ONE(T, UINT16, ssid, 10, 0)                               \
    ONE(T, UINT32, hold_off, 11, 0)                           \
    ONE(T, UINT32, account_timeout, 12, 0)

#define LW_SECURITY_1_1(T, ONE, MANY, CALL) \
    LW_SECURITY_1_0(T, ONE, MANY, CALL)     \
    ONE(T, UINT8, matching_type, 13, 0)     \
    ONE(T, STRING, sni, 14, 64)             \
    ONE(T, UINT8, certificate_usage, 15, 0) \
    MANY(T, UINT32, ciphersuites, 16, 0, 4)

#define LW_SECURITY_MINIMAL(T, ONE, MANY, CALL)               \
    ONE(T, STRING, uri, 0, LW_SECURITY_URI_MAX)               \
    ONE(T, BOOLEAN, bootstrap, 1, 0)                          \
    ONE(T, UINT8, mode, 2, 0)                                 \
    ONE(T, OPAQUE, identity, 3, LW_SECURITY_IDENTITY_MAX)     \
    ONE(T, OPAQUE, server_key, 4, LW_SECURITY_SERVER_KEY_MAX) \
    ONE(T, OPAQUE, secret, 5, LW_SECURITY_SECRET_MAX)         \
    ONE(T, UINT16, ssid, 10, 0)

extern const lw_object lw_security_object_1_0;
extern const lw_object lw_security_object_1_1;
extern const lw_object lw_security_object_1_2;
extern const lw_object lw_security_minimal_object; /* 1.1, one instance */

/* ---- 1 Server ---------------------------------------------------------------------------------
 * Created by factory data and bootstrap. Who needs a value reads it from the tree; the engine
 * watches 1, 7 and 22. Hooks: 4, 8 and 9 ask the engine; 6 is true when nobody says otherwise; 7
 * and 22 are checked.
 */

#define LW_SERVER_1_0(T, ONE, MANY, CALL) \
    ONE(T, UINT16, ssid, 0, 0)            \
    ONE(T, UINT32, lifetime, 1, 0)        \
    ONE(T, UINT32, pmin, 2, 0)            \
    ONE(T, UINT32, pmax, 3, 0)            \
    CALL(T, EXECUTE, disable, 4)          \
    ONE(T, UINT32, disable_timeout, 5, 0) \
    ONE(T, BOOLEAN, storing, 6, 0)        \
    ONE(T, STRING, binding, 7, 8)         \
    CALL(T, EXECUTE, update, 8)

#define LW_SERVER_1_1(T, ONE, MANY, CALL)        \
    LW_SERVER_1_0(T, ONE, MANY, CALL)            \
    CALL(T, EXECUTE, bootstrap, 9)               \
    ONE(T, UINT8, tls_alert, 11, 0)              \
    ONE(T, TIME, last_bootstrapped, 12, 0)       \
    ONE(T, UINT32, priority, 13, 0)              \
    ONE(T, UINT32, initial_delay, 14, 0)         \
    ONE(T, BOOLEAN, failure_block, 15, 0)        \
    ONE(T, BOOLEAN, bootstrap_on_failure, 16, 0) \
    ONE(T, UINT32, retry_count, 17, 0)           \
    ONE(T, UINT32, retry_timer, 18, 0)           \
    ONE(T, UINT64, sequence_delay, 19, 0)        \
    ONE(T, UINT32, sequence_count, 20, 0)        \
    ONE(T, STRING, preferred_transport, 22, 1)   \
    ONE(T, BOOLEAN, mute_send, 23, 0)

#define LW_SERVER_1_2(T, ONE, MANY, CALL)   \
    LW_SERVER_1_1(T, ONE, MANY, CALL)       \
    MANY(T, STRING, versions, 25, 6, 3)     \
    ONE(T, UINT8, notification_mode, 26, 0) \
    ONE(T, UINT8, profile_hash, 27, 0)

extern const lw_object_hooks lw_server_hooks_1_0; /* binding as in 1.0: letters U S Q */
extern const lw_object_hooks lw_server_hooks_1_1; /* since 1.1 */
extern const lw_object_hooks lw_server_minimal_hooks;
extern const lw_object lw_server_object_1_0;
extern const lw_object lw_server_object_1_1;
extern const lw_object lw_server_object_1_2;
extern const lw_object lw_server_minimal_object; /* 1.1 with the resources of 1.0, one instance */

/* ---- 2 Access Control -------------------------------------------------------------------------
 * What it means is enforced by lw_feature_access.
 */

#define LW_ACCESS_CONTROL(T, ONE, MANY, CALL)      \
    ONE(T, UINT16, object, 0, 0)                   \
    ONE(T, UINT16, instance, 1, 0)                 \
    MANY(T, UINT16, acl, 2, 0, LW_SERVERS_MAX + 1) \
    ONE(T, UINT16, owner, 3, 0)

extern const lw_object lw_access_control_object_1_0; /* enablers 1.0 and 1.1 */
extern const lw_object lw_access_control_object_1_1; /* enabler 1.2: rights 0..31 */

/* ---- 3 Device ---------------------------------------------------------------------------------
 * All of the object. Set what is known with the setters: lw_device_set_manufacturer(tree, 0, "…").
 * What is never set does not exist. Hooks: 4 and 5 ask the engine, 12 resets the error codes, 13 is
 * the wall clock, 14 is checked. 16 is "U" until lw_device_set_bindings says otherwise.
 */

#define LW_DEVICE(T, ONE, MANY, CALL)                        \
    ONE(T, STRING, manufacturer, 0, LW_DEVICE_TEXT_MAX)      \
    ONE(T, STRING, model, 1, LW_DEVICE_TEXT_MAX)             \
    ONE(T, STRING, serial, 2, LW_DEVICE_TEXT_MAX)            \
    ONE(T, STRING, firmware_version, 3, LW_DEVICE_TEXT_MAX)  \
    CALL(T, EXECUTE, reboot, 4)                              \
    CALL(T, EXECUTE, factory_reset, 5)                       \
    MANY(T, UINT8, power_source, 6, 0, 4)                    \
    MANY(T, INT32, power_voltage, 7, 0, 4)                   \
    MANY(T, INT32, power_current, 8, 0, 4)                   \
    ONE(T, UINT8, battery_level, 9, 0)                       \
    ONE(T, INT32, memory_free, 10, 0)                        \
    MANY(T, UINT8, error, 11, 0, 8)                          \
    CALL(T, EXECUTE, reset_errors, 12)                       \
    CALL(T, COMPUTED, time, 13)                              \
    ONE(T, STRING, utc_offset, 14, 6)                        \
    ONE(T, STRING, timezone, 15, LW_DEVICE_TEXT_MAX)         \
    ONE(T, STRING, bindings, 16, 8)                          \
    ONE(T, STRING, device_type, 17, LW_DEVICE_TEXT_MAX)      \
    ONE(T, STRING, hardware_version, 18, LW_DEVICE_TEXT_MAX) \
    ONE(T, STRING, software_version, 19, LW_DEVICE_TEXT_MAX) \
    ONE(T, UINT8, battery_status, 20, 0)                     \
    ONE(T, INT32, memory_total, 21, 0)                       \
    MANY(T, OBJLNK, ext_dev_info, 22, 0, 4)

#define LW_DEVICE_MINIMAL(T, ONE, MANY, CALL)               \
    ONE(T, STRING, manufacturer, 0, LW_DEVICE_TEXT_MAX)     \
    ONE(T, STRING, model, 1, LW_DEVICE_TEXT_MAX)            \
    ONE(T, STRING, serial, 2, LW_DEVICE_TEXT_MAX)           \
    ONE(T, STRING, firmware_version, 3, LW_DEVICE_TEXT_MAX) \
    CALL(T, EXECUTE, reboot, 4)                             \
    MANY(T, UINT8, error, 11, 0, 4)                         \
    ONE(T, STRING, bindings, 16, 8)

LW_DECLARE_STRUCT(lw_device, LW_DEVICE)
LW_SETTER uint16_t lw_device_id(void)
{
    return 3;
}
LW_DECLARE_SETTERS(lw_device, LW_DEVICE)

extern const lw_object_hooks lw_device_hooks;
extern const lw_object_hooks lw_device_minimal_hooks;
extern const lw_object lw_device_object_1_0;     /* error codes 0..8 */
extern const lw_object lw_device_object_1_1;     /* same, more power sources */
extern const lw_object lw_device_object_1_2;     /* error codes 0..32 */
extern const lw_object lw_device_minimal_object; /* 1.0; its setters are the same */

/* Error codes of 3/0/11: 1 low battery, 2 external power off, 3 GPS failure, 4 low signal, 5 out of
 * memory, 6 SMS failure, 7 IP connectivity failure, 8 peripheral malfunction, 16..32 the device's
 * own (1.2). Raise an error as long as it lasts, at each check: after Reset Error Code it then
 * shows again (CLI-73). LW_ERANGE: not a code; LW_ENOMEM: too many at once. */
lw_err lw_device_raise_error(lw_tree *tree, uint8_t code);
lw_err lw_device_clear_error(lw_tree *tree, uint8_t code);

#ifdef __cplusplus
}
#endif
#endif

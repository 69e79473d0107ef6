#include "app/lapwing-device/machine.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lw/core_objects.h"
#include "lw/ipso.h"
#include "lw/objects.h"
#include "lw/standard_objects.h"

#define LINE_OCTETS 256

/* ---- Files of one line ------------------------------------------------------------------------
 */

static bool read_line(const char *folder, const char *name, char out[LINE_OCTETS])
{
    char path[LINE_OCTETS];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    bool is_read = file != NULL && fgets(out, LINE_OCTETS, file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    out[is_read ? strcspn(out, "\n") : 0] = '\0';
    return is_read && out[0] != '\0';
}

static bool read_number(const char *folder, const char *name, long *out)
{
    char line[LINE_OCTETS], *end;
    if (!read_line(folder, name, line)) {
        return false;
    }
    *out = strtol(line, &end, 10);
    return end != line;
}

/* Sets a text if there is one; what is longer than the resource is cut. */
static void set_text(lw_tree *tree, uint16_t resource, const char *text)
{
    size_t len = strlen(text);
    lw_bytes cut = lw_bytes_of(text, len < LW_DEVICE_TEXT_MAX ? len : LW_DEVICE_TEXT_MAX);
    if (cut.len > 0) {
        lw_tree_set(tree, lw_path_resource(LW_OBJ_DEVICE, 0, resource),
                    lw_value_bytes(LW_TYPE_STRING, cut));
    }
}

/* ---- Power ------------------------------------------------------------------------------------
 * Instance 0 of the power resources is the mains (1), or the first supply that is there.
 */

#define POWER_DC       0
#define POWER_INTERNAL 1
#define POWER_MAINS    6
#define SUPPLIES       "/sys/class/power_supply"
#define SUPPLIES_MAX   4

/* 3/0/20 */
enum { BATTERY_NORMAL, BATTERY_CHARGING, BATTERY_FULL, BATTERY_LOW = 3, BATTERY_UNKNOWN = 6 };

static uint8_t battery_status(const char *folder, long level)
{
    char status[LINE_OCTETS];
    if (!read_line(folder, "status", status)) {
        return BATTERY_UNKNOWN;
    }
    if (strcmp(status, "Charging") == 0) {
        return BATTERY_CHARGING;
    }
    if (strcmp(status, "Full") == 0) {
        return BATTERY_FULL;
    }
    return level <= 10 ? BATTERY_LOW : BATTERY_NORMAL;
}

static void measure_battery(lw_tree *tree, const char *folder)
{
    long level;
    if (read_number(folder, "capacity", &level) && level >= 0 && level <= 100) {
        lw_device_set_battery_level(tree, 0, (uint8_t)level);
        lw_device_set_battery_status(tree, 0, battery_status(folder, level));
        (void)(level <= 10 ? lw_device_raise_error : lw_device_clear_error)(tree, 1);
    }
}

static void measure_supply(lw_tree *tree, const char *folder, uint16_t instance)
{
    char type[LINE_OCTETS];
    long micro;
    bool is_battery = read_line(folder, "type", type) && strcmp(type, "Battery") == 0;
    uint8_t source = is_battery                   ? POWER_INTERNAL
                     : strcmp(type, "Mains") == 0 ? POWER_MAINS
                                                  : POWER_DC;
    lw_device_set_power_source(tree, 0, instance, source);
    if (read_number(folder, "voltage_now", &micro)) {
        lw_device_set_power_voltage(tree, 0, instance, (int32_t)(micro / 1000));
    }
    if (read_number(folder, "current_now", &micro)) {
        lw_device_set_power_current(tree, 0, instance, (int32_t)(micro / 1000));
    }
    if (is_battery) {
        measure_battery(tree, folder);
    }
}

static void measure_power(lw_tree *tree)
{
    DIR *supplies = opendir(SUPPLIES);
    uint16_t instance = 0;
    if (supplies == NULL) {
        return;
    }
    for (struct dirent *e = readdir(supplies); e != NULL && instance < SUPPLIES_MAX;
         e = readdir(supplies)) {
        char folder[LINE_OCTETS + sizeof SUPPLIES + 1];
        if (e->d_name[0] != '.') {
            snprintf(folder, sizeof folder, "%s/%s", SUPPLIES, e->d_name);
            measure_supply(tree, folder, instance++);
        }
    }
    closedir(supplies);
}

/* ---- Memory and load --------------------------------------------------------------------------
 */

static bool memory_kb(const char *key, long *out)
{
    char line[LINE_OCTETS];
    size_t len = strlen(key);
    FILE *file = fopen("/proc/meminfo", "re");
    bool found = false;
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        found = strncmp(line, key, len) == 0 && line[len] == ':';
        *out = found ? strtol(line + len + 1, NULL, 10) : 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

static int32_t to_int32(long v)
{
    return v < INT32_MAX ? (int32_t)v : INT32_MAX;
}

static void measure_memory(lw_tree *tree)
{
    long kb;
    if (memory_kb("MemAvailable", &kb)) {
        lw_device_set_memory_free(tree, 0, to_int32(kb));
    }
}

static void measure_load(lw_tree *tree)
{
    double load;
    if (getloadavg(&load, 1) == 1) {
        lw_sensor_set(tree, LW_OBJ_LOAD, 0, (float)load);
    }
}

/* ---- Network ----------------------------------------------------------------------------------
 */

#define ADDRESSES_MAX 2 /* instances of 4/0/4 and 4/0/5 */

/* The interface of the default route, and its router; false: there is none. */
static bool default_route(char interface[IF_NAMESIZE], char router[INET6_ADDRSTRLEN])
{
    char line[LINE_OCTETS], name[IF_NAMESIZE];
    unsigned long destination, gateway;
    bool found = false;
    FILE *file = fopen("/proc/net/route", "re");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        found = sscanf(line, "%15s %lx %lx", name, &destination, &gateway) == 3 &&
                destination == 0 && gateway != 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    if (found) {
        struct in_addr address = {.s_addr = (in_addr_t)gateway};
        memcpy(interface, name, sizeof name);
        inet_ntop(AF_INET, &address, router, INET6_ADDRSTRLEN);
    }
    return found;
}

/* An address of the interface that is neither its own alone nor of the link; "" when it is none. */
static void address_text(const struct ifaddrs *i, const char *interface, char out[INET6_ADDRSTRLEN])
{
    out[0] = '\0';
    bool is_up = (i->ifa_flags & IFF_UP) != 0 && (i->ifa_flags & IFF_LOOPBACK) == 0;
    if (i->ifa_addr == NULL || !is_up ||
        (interface[0] != '\0' && strcmp(i->ifa_name, interface) != 0)) {
        return;
    }
    if (i->ifa_addr->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)i->ifa_addr;
        inet_ntop(AF_INET, &in->sin_addr, out, INET6_ADDRSTRLEN);
    } else if (i->ifa_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)i->ifa_addr;
        if (!IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr)) {
            inet_ntop(AF_INET6, &in6->sin6_addr, out, INET6_ADDRSTRLEN);
        }
    }
}

static bool differs(lw_tree *tree, uint16_t instance, const char *text)
{
    lw_value value;
    lw_path path = lw_path_resource_instance(LW_OBJ_CONNECTIVITY_MONITORING, 0,
                                             LW_RES_CONNECTIVITY_MONITORING_IP_ADDRESSES, instance);
    return lw_tree_get(tree, path, &value) != LW_OK || !lw_bytes_is(value.as.bytes, text);
}

static bool measure_addresses(lw_tree *tree, const char *interface)
{
    struct ifaddrs *all = NULL;
    bool changed = false;
    uint16_t count = 0;
    if (getifaddrs(&all) != 0) {
        return false;
    }
    for (const struct ifaddrs *i = all; i != NULL && count < ADDRESSES_MAX; i = i->ifa_next) {
        char text[INET6_ADDRSTRLEN];
        address_text(i, interface, text);
        if (text[0] != '\0') {
            changed = changed || differs(tree, count, text);
            lw_connectivity_set_ip_address(tree, 0, count++, text);
        }
    }
    freeifaddrs(all);
    for (uint16_t i = count > 0 ? count : 1; i < ADDRESSES_MAX; i++) {
        lw_tree_unset(tree,
                      lw_path_resource_instance(LW_OBJ_CONNECTIVITY_MONITORING, 0,
                                                LW_RES_CONNECTIVITY_MONITORING_IP_ADDRESSES, i));
    }
    if (count == 0) { /* mandatory: the host itself */
        lw_connectivity_set_ip_address(tree, 0, 0, "127.0.0.1");
    }
    return changed;
}

/* 4/0/0: 21 WLAN, 41 Ethernet. */
static uint8_t bearer_of(const char *interface)
{
    char folder[LINE_OCTETS];
    struct stat st;
    snprintf(folder, sizeof folder, "/sys/class/net/%s/wireless", interface);
    return stat(folder, &st) == 0 ? 21 : 41;
}

/* Signal strength in dBm and link quality of a WLAN. */
static void measure_signal(lw_tree *tree, const char *interface)
{
    char line[LINE_OCTETS], name[IF_NAMESIZE];
    float quality, level;
    FILE *file = fopen("/proc/net/wireless", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, " %15[^:]: %*s %f %f", name, &quality, &level) == 3 &&
            strcmp(name, interface) == 0) {
            lw_connectivity_set_link_quality(tree, 0, (int32_t)quality);
            lw_connectivity_set_signal_strength(tree, 0, (int32_t)level);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static bool measure_network(lw_tree *tree)
{
    char interface[IF_NAMESIZE] = "", router[INET6_ADDRSTRLEN];
    if (default_route(interface, router)) {
        lw_connectivity_set_router_ip_address(tree, 0, 0, router);
    }
    uint8_t bearer = bearer_of(interface);
    lw_connectivity_set_bearer(tree, 0, bearer);
    lw_connectivity_set_available_bearer(tree, 0, 0, bearer);
    measure_signal(tree, interface);
    return measure_addresses(tree, interface);
}

/* ---- Time -------------------------------------------------------------------------------------
 */

static void set_timezone(lw_tree *tree)
{
    char line[LINE_OCTETS], target[LINE_OCTETS], offset[8];
    time_t now = time(NULL);
    struct tm local;
    const char *name = getenv("TZ");
    ssize_t len = readlink("/etc/localtime", target, sizeof target - 1);
    if (name == NULL && read_line("/etc", "timezone", line)) {
        name = line;
    } else if (name == NULL && len > 0) {
        target[len] = '\0';
        const char *at = strstr(target, "zoneinfo/");
        name = at != NULL ? at + strlen("zoneinfo/") : NULL;
    }
    if (name != NULL) {
        set_text(tree, LW_RES_DEVICE_TIMEZONE, name);
    }
    if (localtime_r(&now, &local) != NULL) {
        long minutes = labs(local.tm_gmtoff) / 60;
        snprintf(offset, sizeof offset, "%c%02ld:%02ld", local.tm_gmtoff < 0 ? '-' : '+',
                 minutes / 60 % 24, minutes % 60);
        set_text(tree, LW_RES_DEVICE_UTC_OFFSET, offset);
    }
}

/* ---- All of it --------------------------------------------------------------------------------
 */

void machine_describe(lw_tree *tree, const char *firmware)
{
    char line[LINE_OCTETS];
    struct utsname system;
    long kb;
    lw_path at;
    lw_err err = lw_tree_add(tree, LW_OBJ_CONNECTIVITY_MONITORING, 0, &at);
    (void)err; /* it is there after a restart of the objects */
    bool has_maker = read_line("/sys/class/dmi/id", "sys_vendor", line);
    set_text(tree, LW_RES_DEVICE_MANUFACTURER, has_maker ? line : "Lapwing");
    bool has_model = read_line("/sys/class/dmi/id", "product_name", line) ||
                     read_line("/proc/device-tree", "model", line);
    set_text(tree, LW_RES_DEVICE_MODEL_NUMBER, has_model ? line : "lapwing-device");
    if (read_line("/etc", "machine-id", line)) {
        set_text(tree, LW_RES_DEVICE_SERIAL_NUMBER, line);
    }
    if (read_line("/sys/class/dmi/id", "product_version", line)) {
        set_text(tree, LW_RES_DEVICE_HARDWARE_VERSION, line);
    }
    set_text(tree, LW_RES_DEVICE_FIRMWARE_VERSION, firmware);
    if (uname(&system) == 0) {
        snprintf(line, sizeof line, "%.60s %.60s", system.sysname, system.release);
        set_text(tree, LW_RES_DEVICE_SOFTWARE_VERSION, line);
        set_text(tree, LW_RES_DEVICE_DEVICE_TYPE, system.machine);
    }
    if (memory_kb("MemTotal", &kb)) {
        lw_device_set_memory_total(tree, 0, to_int32(kb));
    }
    set_timezone(tree);
}

bool machine_measure(lw_tree *tree)
{
    measure_power(tree);
    measure_memory(tree);
    measure_load(tree);
    return measure_network(tree);
}

#include "lw/ipso.h"
#include "lw/objects.h"

static uint16_t value_id(uint16_t object)
{
    return object == LW_OBJ_ANALOG_INPUT ? LW_RES_ANALOG_INPUT_CURRENT_VALUE : LW_RES_SENSOR_VALUE;
}

static lw_err set(lw_tree *tree, lw_path path, float number)
{
    return lw_tree_set(tree, path, lw_value_single(number));
}

static lw_err add(lw_tree *tree, uint16_t object, uint16_t instance, const char *unit)
{
    lw_path path;
    lw_err err = lw_tree_add(tree, object, instance, &path);
    if (err == LW_OK && unit != NULL) {
        path = lw_path_resource(object, instance, LW_RES_SENSOR_UNITS);
        err = lw_tree_set(tree, path, lw_value_string(unit));
    }
    return err;
}

lw_err lw_sensor_add(lw_tree *tree, uint16_t object, uint16_t instance, const char *unit,
                     float min_range, float max_range)
{
    lw_err err = add(tree, object, instance, unit);
    if (err == LW_OK) {
        set(tree, lw_path_resource(object, instance, LW_RES_MIN_RANGE_VALUE), min_range);
        set(tree, lw_path_resource(object, instance, LW_RES_MAX_RANGE_VALUE), max_range);
    }
    return err;
}

/* Absent before the first measurement, which then is both. */
static void widen(lw_tree *tree, lw_path extreme, const lw_value *measured, bool upwards)
{
    lw_value so_far;
    bool is_within = lw_tree_get(tree, extreme, &so_far) == LW_OK &&
                     !(upwards ? measured->as.number > so_far.as.number
                               : measured->as.number < so_far.as.number);
    if (!is_within) {
        lw_tree_put(tree, measured, extreme);
    }
}

lw_err lw_sensor_set(lw_tree *tree, uint16_t object, uint16_t instance, float value)
{
    lw_value measured = lw_value_single(value);
    widen(tree, lw_path_resource(object, instance, LW_RES_MIN_MEASURED_VALUE), &measured, false);
    widen(tree, lw_path_resource(object, instance, LW_RES_MAX_MEASURED_VALUE), &measured, true);
    return lw_tree_put(tree, &measured, lw_path_resource(object, instance, value_id(object)));
}

/* 5605: both are the value of now. */
static lw_err execute(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    (void)ctx;
    (void)arguments; /* DM-64 */
    uint16_t object = lw_path_id(path, LW_LEVEL_OBJECT);
    uint16_t instance = lw_path_id(path, LW_LEVEL_INSTANCE);
    lw_value now;
    lw_err err = lw_tree_get(tree, lw_path_resource(object, instance, value_id(object)), &now);
    if (err == LW_OK) {
        lw_tree_put(tree, &now, lw_path_resource(object, instance, LW_RES_MIN_MEASURED_VALUE));
        err =
            lw_tree_put(tree, &now, lw_path_resource(object, instance, LW_RES_MAX_MEASURED_VALUE));
    }
    return err;
}

const lw_object_hooks lw_sensor_hooks = {.execute = execute};

/* One table of fields for all of them. */
static const lw_field fields[] = {LW_SENSOR(lw_sensor, LW_ROW_ONE, LW_ROW_MANY, LW_ROW_CALL)};
#define SENSOR(name, id)                                 \
    const lw_object name = {                             \
        .def = &lw_object_##id##_v1_0,                   \
        .fields = fields,                                \
        .field_count = sizeof fields / sizeof fields[0], \
        .instances_max = LW_IPSO_INSTANCES,              \
        .size = sizeof(lw_sensor),                       \
        .hooks = &lw_sensor_hooks,                       \
    };

SENSOR(lw_generic_sensor_object, 3300)
SENSOR(lw_illuminance_object, 3301)
SENSOR(lw_temperature_object, 3303)
SENSOR(lw_humidity_object, 3304)
SENSOR(lw_barometer_object, 3315)
SENSOR(lw_voltage_object, 3316)
SENSOR(lw_current_object, 3317)
SENSOR(lw_frequency_object, 3318)
SENSOR(lw_depth_object, 3319)
SENSOR(lw_percentage_object, 3320)
SENSOR(lw_altitude_object, 3321)
SENSOR(lw_load_object, 3322)
SENSOR(lw_pressure_object, 3323)
SENSOR(lw_loudness_object, 3324)
SENSOR(lw_concentration_object, 3325)
SENSOR(lw_acidity_object, 3326)
SENSOR(lw_conductivity_object, 3327)
SENSOR(lw_power_object, 3328)
SENSOR(lw_power_factor_object, 3329)
SENSOR(lw_distance_object, 3330)

LW_DECLARE_STRUCT(analog_input, LW_ANALOG_INPUT)
LW_DECLARE_VERSION(lw_analog_input_object, analog_input, lw_object_3202_v1_0, LW_ANALOG_INPUT,
                   LW_IPSO_INSTANCES, &lw_sensor_hooks)

/* ---- Three axes ---- */

lw_err lw_axes_add(lw_tree *tree, uint16_t object, uint16_t instance, const char *unit)
{
    return add(tree, object, instance, unit);
}

lw_err lw_axes_set(lw_tree *tree, uint16_t object, uint16_t instance, float x, float y, float z)
{
    set(tree, lw_path_resource(object, instance, LW_RES_Y_VALUE), y);
    set(tree, lw_path_resource(object, instance, LW_RES_Z_VALUE), z);
    return set(tree, lw_path_resource(object, instance, LW_RES_X_VALUE), x);
}

LW_DECLARE_VERSION(lw_accelerometer_object, lw_axes, lw_object_3313_v1_0, LW_AXES,
                   LW_IPSO_INSTANCES, NULL)
LW_DECLARE_VERSION(lw_magnetometer_object, lw_axes, lw_object_3314_v1_0, LW_AXES, LW_IPSO_INSTANCES,
                   NULL)
LW_DECLARE_VERSION(lw_gyrometer_object, lw_axes, lw_object_3334_v1_0, LW_AXES, LW_IPSO_INSTANCES,
                   NULL)

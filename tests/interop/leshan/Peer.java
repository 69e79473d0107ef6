import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.link.DefaultLinkSerializer;
import org.eclipse.leshan.core.link.lwm2m.attributes.DefaultLwM2mAttributeParser;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttributeSet;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.ResourceModel;
import org.eclipse.leshan.core.node.LwM2mMultipleResource;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mObject;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.LwM2mResourceInstance;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.node.ObjectLink;
import org.eclipse.leshan.core.node.TimestampedLwM2mNodes;
import org.eclipse.leshan.core.observation.CompositeObservation;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.request.CancelObservationRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.CreateRequest;
import org.eclipse.leshan.core.request.DeleteRequest;
import org.eclipse.leshan.core.request.DiscoverRequest;
import org.eclipse.leshan.core.request.DownlinkDeviceManagementRequest;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.ObserveCompositeRequest;
import org.eclipse.leshan.core.request.ObserveRequest;
import org.eclipse.leshan.core.request.ReadCompositeRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.SendRequest;
import org.eclipse.leshan.core.request.WriteAttributesRequest;
import org.eclipse.leshan.core.request.WriteCompositeRequest;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.response.CreateResponse;
import org.eclipse.leshan.core.response.DiscoverResponse;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.core.response.ObserveCompositeResponse;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.core.response.ReadCompositeResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.model.VersionedModelProvider;
import org.eclipse.leshan.server.observation.ObservationListener;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.registration.RegistrationListener;
import org.eclipse.leshan.server.registration.RegistrationUpdate;
import org.eclipse.leshan.server.send.SendListener;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coap.CoapServerProtocolProvider;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A Leshan server that is driven line by line: one JSON object a line, orders on stdin, answers and
 * events on stdout. Values are {"/3/0/9": 100, ...}, flat, whatever the operation. Ends with stdin.
 *
 * Usage: java -cp ... Peer.java PORT DDF-FOLDER
 */
public class Peer {
    private static final long TIMEOUT_MS = 10000;
    private static final ObjectMapper json = new ObjectMapper();

    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final LeshanServer server;

    public static void main(String[] args) throws Exception {
        new Peer(Integer.parseInt(args[0]), new File(args[1])).run();
    }

    private Peer(int port, File objects) {
        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setObjectModelProvider(new VersionedModelProvider(ObjectLoader.loadObjectsFromDir(objects)));
        builder.setEndpointsProviders(new CaliforniumServerEndpointsProvider.Builder(new CoapServerProtocolProvider())
                .addEndpoint(new InetSocketAddress("127.0.0.1", port), Protocol.COAP).build());
        server = builder.build();
        server.getRegistrationService().addListener(new Registrations());
        server.getObservationService().addListener(new Observations());
        server.getSendService().addListener(new Sends());
    }

    private void run() throws Exception {
        server.start();
        tell(event("ready").put("uri", server.getEndpoint(Protocol.COAP).getURI().toString()));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode order = json.readTree(line);
            ObjectNode answer = json.createObjectNode();
            answer.put("answer", order.get("id").asInt());
            try {
                perform(order, answer);
            } catch (Exception e) {
                answer.put("exception", e.toString());
            }
            tell(answer);
        }
        server.destroy();
    }

    private synchronized void tell(ObjectNode object) {
        out.println(object.toString());
    }

    private static ObjectNode event(String name) {
        return json.createObjectNode().put("event", name);
    }

    // ---- Orders -------------------------------------------------------------------------------

    private void perform(JsonNode order, ObjectNode answer) throws Exception {
        Registration registration = server.getRegistrationService().getByEndpoint(order.get("endpoint").asText());
        if (registration == null) {
            answer.put("exception", "not registered");
            return;
        }
        LwM2mResponse response = server.send(registration, request(order, registration), TIMEOUT_MS);
        if (response == null) {
            answer.put("exception", "timeout");
            return;
        }
        answer.put("code", response.getCode().getCode());
        if (response.getErrorMessage() != null) {
            answer.put("message", response.getErrorMessage());
        }
        fill(order, response, answer);
    }

    private DownlinkDeviceManagementRequest<? extends LwM2mResponse> request(JsonNode order, Registration registration)
            throws Exception {
        String path = order.path("path").asText(null);
        ContentFormat format = ContentFormat.fromName(order.path("format").asText("SENML_CBOR"));
        switch (order.get("do").asText()) {
        case "read":
            return new ReadRequest(format, path);
        case "write":
            return new WriteRequest(
                    order.path("update").asBoolean() ? WriteRequest.Mode.UPDATE : WriteRequest.Mode.REPLACE, format, path,
                    node(new LwM2mPath(path), order.get("values"), registration));
        case "execute":
            return new ExecuteRequest(path, order.path("arguments").asText(null));
        case "create":
            return new CreateRequest(format, new LwM2mPath(path).getObjectId(),
                    new LwM2mObjectInstance(order.get("instance").asInt(), resources(
                            new LwM2mPath(path + "/" + order.get("instance").asInt()), order.get("values"), registration)));
        case "delete":
            return new DeleteRequest(path);
        case "discover":
            return new DiscoverRequest(path);
        case "attributes":
            return new WriteAttributesRequest(path, new LwM2mAttributeSet(
                    new DefaultLwM2mAttributeParser().parseUriQuery(order.get("attributes").asText())));
        case "observe":
            return new ObserveRequest(format, path);
        case "cancel":
            return new CancelObservationRequest(observation(registration, path));
        case "read-composite":
            return new ReadCompositeRequest(format, format, strings(order.get("paths")));
        case "observe-composite":
            return new ObserveCompositeRequest(format, format,
                    LwM2mPath.getLwM2mPathList(strings(order.get("paths"))));
        case "write-composite":
            return new WriteCompositeRequest(format, nodes(order.get("values"), registration), null);
        default:
            throw new IllegalArgumentException("no such order");
        }
    }

    private SingleObservation observation(Registration registration, String path) {
        for (Observation o : server.getObservationService().getObservations(registration)) {
            if (o instanceof SingleObservation && ((SingleObservation) o).getPath().toString().equals(path)) {
                return (SingleObservation) o;
            }
        }
        throw new IllegalStateException("not observed");
    }

    private static List<String> strings(JsonNode array) {
        List<String> list = new ArrayList<>();
        array.forEach(s -> list.add(s.asText()));
        return list;
    }

    private void fill(JsonNode order, LwM2mResponse response, ObjectNode answer) {
        if (response instanceof ReadResponse && ((ReadResponse) response).getContent() != null) {
            put(answer.putObject("values"), new LwM2mPath(order.get("path").asText()),
                    ((ReadResponse) response).getContent());
        } else if (response instanceof ReadCompositeResponse && ((ReadCompositeResponse) response).getContent() != null) {
            put(answer.putObject("values"), ((ReadCompositeResponse) response).getContent());
        } else if (response instanceof DiscoverResponse && ((DiscoverResponse) response).getObjectLinks() != null) {
            answer.put("links", new DefaultLinkSerializer()
                    .serializeCoreLinkFormat(((DiscoverResponse) response).getObjectLinks()));
        } else if (response instanceof CreateResponse) {
            answer.put("location", ((CreateResponse) response).getLocation());
        }
    }

    // ---- Values into the tree of Leshan -------------------------------------------------------

    /** values: of a resource, the value; of anything above, {"resource[/instance]": value}. */
    private LwM2mNode node(LwM2mPath path, JsonNode values, Registration registration) {
        if (path.isResourceInstance()) {
            ResourceModel.Type type = type(path, registration);
            return LwM2mResourceInstance.newInstance(path.getResourceInstanceId(), value(values, type), type);
        }
        if (path.isResource()) {
            return resource(path, values, registration);
        }
        return new LwM2mObjectInstance(path.getObjectInstanceId(), resources(path, values, registration));
    }

    private Collection<LwM2mResource> resources(LwM2mPath instance, JsonNode values, Registration registration) {
        List<LwM2mResource> list = new ArrayList<>();
        values.fields().forEachRemaining(
                f -> list.add(resource(instance.append(f.getKey()), f.getValue(), registration)));
        return list;
    }

    private Map<LwM2mPath, LwM2mNode> nodes(JsonNode values, Registration registration) {
        Map<LwM2mPath, LwM2mNode> map = new HashMap<>();
        values.fields().forEachRemaining(f -> {
            LwM2mPath path = new LwM2mPath(f.getKey());
            map.put(path, node(path, f.getValue(), registration));
        });
        return map;
    }

    private LwM2mResource resource(LwM2mPath path, JsonNode v, Registration registration) {
        ResourceModel.Type type = type(path, registration);
        if (!v.isObject()) {
            return LwM2mSingleResource.newResource(path.getResourceId(), value(v, type), type);
        }
        Map<Integer, Object> instances = new HashMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> i = v.fields(); i.hasNext();) {
            Map.Entry<String, JsonNode> e = i.next();
            instances.put(Integer.valueOf(e.getKey()), value(e.getValue(), type));
        }
        return LwM2mMultipleResource.newResource(path.getResourceId(), instances, type);
    }

    /** Objects that the device did not register have no model: what is written there are strings. */
    private ResourceModel.Type type(LwM2mPath path, Registration registration) {
        ObjectModel model = server.getModelProvider().getObjectModel(registration).getObjectModel(path.getObjectId());
        return model == null ? ResourceModel.Type.STRING : model.resources.get(path.getResourceId()).type;
    }

    private static Object value(JsonNode v, ResourceModel.Type type) {
        switch (type) {
        case INTEGER:
            return v.asLong();
        case FLOAT:
            return v.asDouble();
        case BOOLEAN:
            return v.asBoolean();
        case TIME:
            return new Date(v.asLong() * 1000);
        case OPAQUE:
            return bytes(v.asText());
        case OBJLNK:
            return ObjectLink.decodeFromString(v.asText());
        default:
            return v.asText();
        }
    }

    private static byte[] bytes(String hex) {
        byte[] octets = new byte[hex.length() / 2];
        for (int i = 0; i < octets.length; i++) {
            octets[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }
        return octets;
    }

    // ---- And out of it ------------------------------------------------------------------------

    private static void put(ObjectNode values, Map<LwM2mPath, LwM2mNode> nodes) {
        nodes.forEach((path, node) -> {
            if (node != null) {
                put(values, path, node);
            }
        });
    }

    private static void put(ObjectNode values, LwM2mPath path, LwM2mNode node) {
        if (node instanceof LwM2mObject) {
            ((LwM2mObject) node).getInstances().forEach((id, child) -> put(values, path.append(id), child));
        } else if (node instanceof LwM2mObjectInstance) {
            ((LwM2mObjectInstance) node).getResources().forEach((id, child) -> put(values, path.append(id), child));
        } else if (node instanceof LwM2mMultipleResource) {
            ((LwM2mMultipleResource) node).getInstances().forEach((id, child) -> put(values, path.append(id), child));
        } else if (node instanceof LwM2mSingleResource) {
            put(values, path, ((LwM2mSingleResource) node).getValue());
        } else if (node instanceof LwM2mResourceInstance) {
            put(values, path, ((LwM2mResourceInstance) node).getValue());
        }
    }

    private static void put(ObjectNode values, LwM2mPath path, Object v) {
        if (v instanceof Long) {
            values.put(path.toString(), (Long) v);
        } else if (v instanceof Double) {
            values.put(path.toString(), (Double) v);
        } else if (v instanceof Boolean) {
            values.put(path.toString(), (Boolean) v);
        } else if (v instanceof Date) {
            values.put(path.toString(), ((Date) v).getTime() / 1000);
        } else if (v instanceof byte[]) {
            StringBuilder hex = new StringBuilder();
            for (byte b : (byte[]) v) {
                hex.append(String.format("%02x", b));
            }
            values.put(path.toString(), hex.toString());
        } else if (v instanceof ObjectLink) {
            values.put(path.toString(), ((ObjectLink) v).encodeToString());
        } else {
            values.put(path.toString(), v.toString());
        }
    }

    // ---- Events -------------------------------------------------------------------------------

    private ObjectNode about(String name, Registration r) {
        ObjectNode e = event(name).put("endpoint", r.getEndpoint()).put("registration", r.getId())
                .put("lifetime", r.getLifeTimeInSec()).put("version", r.getLwM2mVersion().toString())
                .put("binding", r.getBindingMode().toString()).put("queue", r.usesQueueMode())
                .put("links", new DefaultLinkSerializer().serializeCoreLinkFormat(r.getObjectLinks()));
        return e;
    }

    private class Registrations implements RegistrationListener {
        @Override
        public void registered(Registration r, Registration previous, Collection<Observation> observations) {
            tell(about("registered", r).put("again", previous != null));
        }

        @Override
        public void updated(RegistrationUpdate update, Registration r, Registration previous) {
            tell(about("updated", r));
        }

        @Override
        public void unregistered(Registration r, Collection<Observation> observations, boolean expired,
                Registration next) {
            tell(about("unregistered", r).put("expired", expired));
        }
    }

    private class Observations implements ObservationListener {
        @Override
        public void newObservation(Observation o, Registration r) {
        }

        @Override
        public void cancelled(Observation o) {
            tell(event("cancelled"));
        }

        @Override
        public void onResponse(SingleObservation o, Registration r, ObserveResponse response) {
            ObjectNode e = event("notification").put("endpoint", r.getEndpoint()).put("path", o.getPath().toString());
            if (response.getContent() != null) {
                put(e.putObject("values"), o.getPath(), response.getContent());
            }
            tell(e);
        }

        @Override
        public void onResponse(CompositeObservation o, Registration r, ObserveCompositeResponse response) {
            ObjectNode e = event("notification").put("endpoint", r.getEndpoint());
            ArrayNode paths = e.putArray("paths");
            o.getPaths().forEach(p -> paths.add(p.toString()));
            put(e.putObject("values"), response.getContent());
            tell(e);
        }

        @Override
        public void onError(Observation o, Registration r, Exception error) {
            tell(event("notification-error").put("message", error.toString()));
        }
    }

    private class Sends implements SendListener {
        @Override
        public void dataReceived(Registration r, TimestampedLwM2mNodes data, SendRequest request) {
            ObjectNode e = event("send").put("endpoint", r.getEndpoint());
            put(e.putObject("values"), data.getFlattenNodes());
            tell(e);
        }

        @Override
        public void onError(Registration r, String message, Exception error) {
            tell(event("send-error").put("message", message + ": " + error));
        }
    }
}

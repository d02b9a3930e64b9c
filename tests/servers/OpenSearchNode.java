import java.nio.file.Path;
import java.util.List;
import org.opensearch.Version;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;

/** One OpenSearch node, 2 or 3: FOLDER HTTP_PORT TRANSPORT_PORT. It ends with its standard input. */
public class OpenSearchNode extends Node {
    @SuppressWarnings({"unchecked", "rawtypes"})
    OpenSearchNode(Environment environment) {
        super(environment, (List) transport(), true);
    }

    /** The HTTP server: version 2 takes a class here, version 3 its description. */
    private static List<Object> transport() {
        try {
            return List.of(Class.forName("org.opensearch.transport.Netty4Plugin"));
        } catch (ClassNotFoundException absent) {
            String name = "org.opensearch.transport.Netty4ModulePlugin";
            return List.of(new PluginInfo(
                "transport-netty4", "HTTP", "1", Version.CURRENT, "17", name, null, List.of(), false));
        }
    }

    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]);
        Settings settings = Settings.builder()
            .put("path.home", home).put("path.data", home.resolve("data")).put("path.logs", home.resolve("logs"))
            .put("node.name", "node").put("cluster.name", "tests").put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1").put("http.port", arguments[1]).put("transport.port", arguments[2])
            .put("cluster.routing.allocation.disk.threshold_enabled", false).build();
        new OpenSearchNode(new Environment(settings, home.resolve("config"))).start();
        System.in.transferTo(java.io.OutputStream.nullOutputStream());
        Runtime.getRuntime().halt(0);
    }
}

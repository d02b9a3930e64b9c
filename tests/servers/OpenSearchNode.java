import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.env.Environment;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;

public class OpenSearchNode extends Node {
    OpenSearchNode(Environment env) { super(env, List.of(), true); }
    public static void main(String[] args) throws Exception {
        Path home = Path.of(args[0]);
        Settings.Builder settings = Settings.builder()
            .put("path.home", home).put("path.data", home.resolve("data")).put("path.logs", home.resolve("logs"))
            .put("node.name", "node_1").put("cluster.name", "tests").put("discovery.type", "single-node")
            .put("http.port", args[1]).put("transport.port", args[2]).put("network.host", "127.0.0.1")
            .put("cluster.routing.allocation.disk.threshold_enabled", false);
        Environment env = new Environment(settings.build(), home.resolve("config"));
        new OpenSearchNode(env).start();
        System.out.println("started");
        new CountDownLatch(1).await();
    }
}

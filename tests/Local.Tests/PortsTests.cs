using System.Net;
using System.Net.Sockets;
using Azure.Storage.Blobs;

namespace Local.Tests;

public sealed class PortsTests
{
    [Fact]
    public void A_taken_port_is_one_line_that_says_how_to_choose_another()
    {
        using var other = Taken(out var port);
        var wanted = new WantedPort(port, "--sandbox-port");

        var error = Assert.Throws<LaunchException>(() => Ports.Check(new WantedPort(0, "--port"), wanted));

        Assert.Equal(IsTaken(port, "--sandbox-port"), error.Message);
    }

    [Fact]
    public async Task Azurite_reports_the_ports_that_it_bound()
    {
        var ports = new AzuritePorts();
        ports.Read("Azurite Blob service is starting at http://127.0.0.1:0");
        ports.Read("Azurite Blob service is successfully listening at http://127.0.0.1:34573");
        ports.Read("Azurite Queue service is starting at http://127.0.0.1:0");
        ports.Read("Azurite Queue service is successfully listening at http://127.0.0.1:40129");
        ports.Read("Azurite Table service is starting at http://127.0.0.1:0");
        Assert.False(ports.Listening.IsCompleted);

        ports.Read("Azurite Table service is successfully listening at http://127.0.0.1:34205");

        Assert.Equal((34573, 40129, 34205), await ports.Listening);
    }

    [Fact]
    public async Task Azurite_started_again_on_its_data_has_what_it_had_whatever_ports_it_gets()
    {
        var folder = Directory.CreateTempSubdirectory("azurite-again-").FullName;
        try
        {
            await using (var first = await StartAsync(folder))
                await new BlobContainerClient(first.StateConnection, "kept").CreateAsync(cancellationToken: Stop);

            await using var second = await StartAsync(folder);
            Assert.True(await new BlobContainerClient(second.StateConnection, "kept").ExistsAsync(Stop));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_taken_port_of_Azurite_is_known_before_it_is_started()
    {
        var folder = Directory.CreateTempSubdirectory("azurite-taken-").FullName;
        try
        {
            using var other = Taken(out var port);
            ChildProcess? started = null;
            var error = await Assert.ThrowsAsync<LaunchException>(() =>
                Azurite.StartAsync(
                    RepositoryRoot.Find(),
                    folder,
                    (0, port, 0),
                    TimeProvider.System,
                    Stop,
                    started: child => started = child
                )
            );
            Assert.Equal((IsTaken(port, "--azurite-port"), null), (error.Message, started));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static string IsTaken(int port, string option) =>
        $"port {port} on 127.0.0.1 cannot be used (it is taken): stop what uses it, or choose another with {option}";

    private static Task<Azurite> StartAsync(string folder) =>
        Azurite.StartAsync(RepositoryRoot.Find(), folder, (0, 0, 0), TimeProvider.System, Stop);

    private static TcpListener Taken(out int port)
    {
        var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        port = ((IPEndPoint)other.LocalEndpoint).Port;
        return other;
    }
}

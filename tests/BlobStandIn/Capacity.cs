using System.Diagnostics;
using System.Globalization;
using System.Text;
using BlobStandIn.State;

namespace BlobStandIn;

/// <summary>
/// Measures what the service can do by itself, with clients that do next to nothing: the limit of whoever is measured on it.
/// </summary>
internal static class Capacity
{
    private const int BatchSize = 256;
    private const int Connections = 16;

    /// <summary>Measures and prints.</summary>
    /// <param name="count">How many blobs.</param>
    /// <param name="time">The clock.</param>
    public static async Task MeasureAsync(int count, TimeProvider time)
    {
        var account = new StandInAccount("acme", time);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var began = Stopwatch.GetTimestamp();
        var batched = Seed(account, "batched", count, time);
        Print("seed", count, began);
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory        {bytes / (double)count,10:n0} bytes a blob"));
        var singles = Seed(account, "singles", Math.Min(count, 50_000), time);

        await using var server = await StandInServer.StartAsync([account], new(1, time), CancellationToken.None);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections });
        http.DefaultRequestHeaders.Add("Authorization", "Bearer a");
        began = Stopwatch.GetTimestamp();
        await ListAsync(http, server.Endpoint(account));
        Print("list", count, began);
        began = Stopwatch.GetTimestamp();
        await ForEachAsync(Bodies(batched), body => SendAsync(http, server.Endpoint(account), body));
        Print("delete, batch", count, began);
        var names = singles.Names;
        began = Stopwatch.GetTimestamp();
        await ForEachAsync(names, name => DeleteAsync(http, server.Endpoint(account), name));
        Print("delete, one", names.Count, began);
        if (server.Log.Deleted != count + names.Count)
            throw new InvalidOperationException($"{server.Log.Deleted} were deleted, not {count + names.Count}.");
    }

    private static StandInContainer Seed(StandInAccount account, string name, int count, TimeProvider time)
    {
        var container = account.AddContainer(name);
        container.Add(Seeds.Make(count, 0.5, time.GetUtcNow(), BlobExtras.None));
        return container;
    }

    private static async Task ListAsync(HttpClient http, Uri endpoint)
    {
        var marker = "";
        do
        {
            var page = await http.GetStringAsync(new Uri($"{endpoint}/batched?restype=container&comp=list&marker={marker}"));
            var start = page.LastIndexOf("<NextMarker>", StringComparison.Ordinal) + "<NextMarker>".Length;
            marker = Uri.EscapeDataString(page[start..page.IndexOf('<', start)]);
        } while (marker.Length > 0);
    }

    // Made before the clock runs. With the ETag of each, as the sweep has it.
    private static List<byte[]> Bodies(StandInContainer container)
    {
        var bodies = new List<byte[]>();
        foreach (var names in container.Names.Chunk(BatchSize))
        {
            var body = new StringBuilder();
            for (var i = 0; i < names.Length; i++)
                body.Append(
                    CultureInfo.InvariantCulture,
                    $"""
                    --b
                    Content-Type: application/http
                    Content-Transfer-Encoding: binary
                    Content-ID: {i}

                    DELETE /acme/batched/{Uri.EscapeDataString(names[i])} HTTP/1.1
                    Authorization: Bearer a
                    If-Match: "0x{container.Find(names[i])!.ETag:X}"
                    x-ms-if-tags: "hold" <> 'yes'
                    Content-Length: 0


                    """
                );
            bodies.Add(Encoding.ASCII.GetBytes(body.Append("--b--\n").ToString().ReplaceLineEndings("\r\n")));
        }
        return bodies;
    }

    private static Task ForEachAsync<T>(IEnumerable<T> items, Func<T, Task> act) =>
        Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (item, _) => await act(item));

    private static async Task SendAsync(HttpClient http, Uri endpoint, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/mixed; boundary=b");
        using var response = await http.PostAsync(new Uri($"{endpoint}/batched?restype=container&comp=batch"), content);
        response.EnsureSuccessStatusCode();
    }

    private static async Task DeleteAsync(HttpClient http, Uri endpoint, string name)
    {
        using var response = await http.DeleteAsync(new Uri($"{endpoint}/singles/{Uri.EscapeDataString(name)}"));
        response.EnsureSuccessStatusCode();
    }

    private static void Print(string what, int count, long began)
    {
        var elapsed = Stopwatch.GetElapsedTime(began);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{what,-13} {count / elapsed.TotalSeconds,10:n0} a second ({count:n0} in {elapsed.TotalSeconds:n2} s)"
            )
        );
    }
}

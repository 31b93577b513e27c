using System.Globalization;
using BlobStandIn;
using BlobStandIn.Faults;
using BlobStandIn.State;

// A process of its own, so that its memory and time are not those of whoever is measured on it:
//   BlobStandIn serve blobs=100000 list-ms=60 delete-ms=10 batch-ms=160 busy=0.2 quota=5000
//   BlobStandIn measure blobs=1000000
var options = args.Skip(1).Select(a => a.Split('=', 2)).ToDictionary(a => a[0], a => a.Length > 1 ? a[1] : "", StringComparer.Ordinal);
var count = (int)Number("blobs", 20_000);
switch (args.FirstOrDefault())
{
    case "measure":
        await Capacity.MeasureAsync(count, TimeProvider.System);
        return 0;
    case "serve":
        await ServeAsync();
        return 0;
    default:
        Console.Error.WriteLine("usage: BlobStandIn serve|measure [blobs=N] [list-ms=N] [delete-ms=N] [batch-ms=N] [busy=SHARE] [quota=N]");
        return 2;
}

// The first line is the address; it serves until its input ends, and then prints how many blobs are left and what it was asked.
async Task ServeAsync()
{
    var account = new StandInAccount("acme", TimeProvider.System);
    var raw = account.AddContainer("raw");
    raw.Add(Seeds.Make(count, 0.5, TimeProvider.System.GetUtcNow(), BlobExtras.None));
    var faults = new StandInFaults(1, TimeProvider.System)
    {
        ListLatency = TimeSpan.FromMilliseconds(Number("list-ms", 0)),
        DeleteLatency = TimeSpan.FromMilliseconds(Number("delete-ms", 0)),
        BatchLatency = TimeSpan.FromMilliseconds(Number("batch-ms", 0)),
    };
    faults.Busy.Share = Number("busy", 0);
    if (Number("quota", 0) is > 0 and var quota)
        faults.Quota = new(quota, quota, TimeProvider.System);
    await using var server = await StandInServer.StartAsync([account], faults, CancellationToken.None);
    Console.WriteLine(server.Endpoint(account));
    while (await Console.In.ReadLineAsync() is not null) { }
    Console.WriteLine($"left={raw.Count} deleted={server.Log.Deleted} reads={server.Log.Reads} writes={server.Log.Writes}");
}

double Number(string name, double otherwise) =>
    options.TryGetValue(name, out var text) ? double.Parse(text, CultureInfo.InvariantCulture) : otherwise;

using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Local;
using SandboxTenant;
using Testing;

namespace EndToEnd.Faults;

/// <summary>
/// Between the app and all it writes to: Azurite's services and the sandbox tenant, each on a port of its own. Requests go through as they
/// are; whoever tests is called before a write is passed on and before its answer goes back, and may end the app or the storage meanwhile.
/// </summary>
internal sealed partial class Wire : IAsyncDisposable
{
    // Azurite's services and the tenant, by number.
    private const int Blobs = 0;
    private const int Queues = 1;
    private const int Tables = 2;
    private const int Tenant = 3;

    private readonly X509Certificate2 _certificate;
    private readonly HttpMessageInvoker _storage = HttpRelay.Client();
    private readonly HttpMessageInvoker _tenant;
    private readonly Sandbox _sandbox;
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private readonly Dictionary<string, int> _times = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _unheard = new(StringComparer.Ordinal);
    private string _after = "the start";
    private volatile Azurite? _azurite;
    private HttpRelay? _relay;

    // How often each part of the app has begun: what an earlier one still had on its way is passed on no more.
    private int _hosts;
    private int _workers;

    private Wire(X509Certificate2 certificate, Sandbox sandbox)
    {
        (_certificate, _sandbox) = (certificate, sandbox);
        _tenant = new(
            new SocketsHttpHandler
            {
                UseProxy = false,
                AllowAutoRedirect = false,
                UseCookies = false,
                ActivityHeadersPropagator = null,
                SslOptions = new SslClientAuthenticationOptions
                {
                    RemoteCertificateValidationCallback = (_, theirs, _, _) =>
                        theirs is X509Certificate2 known && known.GetCertHashString(HashAlgorithmName.SHA256) == sandbox.Thumbprint,
                },
                ConnectCallback = async (_, cancellationToken) =>
                {
                    var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    await socket.ConnectAsync(IPAddress.Loopback, sandbox.Port, cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            }
        );
    }

    /// <summary>Called at both sides of every write, for one write at a time.</summary>
    public Func<Moment, Cut, Task> At { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>The storage that is passed on to; null is as if it were not there.</summary>
    public Azurite? Azurite
    {
        get => _azurite;
        set
        {
            lock (_unheard)
                _unheard.Clear();
            _azurite = value;
        }
    }

    /// <summary>How often one and the same request found no storage, at most, since it was last there.</summary>
    public int MaxUnheard
    {
        get
        {
            lock (_unheard)
                return _unheard.Values.DefaultIfEmpty().Max();
        }
    }

    /// <summary>The tenant as the app reaches it.</summary>
    public string TenantUrl => string.Create(CultureInfo.InvariantCulture, $"https://localhost:{Relay.Ports[Tenant]}");

    public string Thumbprint => _certificate.GetCertHashString(HashAlgorithmName.SHA256);

    private HttpRelay Relay => _relay ?? throw new InvalidOperationException("the wire has not started");

    public static async Task<Wire> StartAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        var certificate = Certificate(TimeProvider.System.GetUtcNow());
        var wire = new Wire(certificate, sandbox);
        wire._relay = await HttpRelay.StartAsync([null, null, null, certificate], wire.PassAsync, cancellationToken);
        return wire;
    }

    /// <summary>An account's connection string, led through here.</summary>
    public string Through(string connection) => Relay.Through(connection, Azurite!.BlobPort, Azurite.QueuePort, Azurite.TablePort);

    /// <summary>
    /// A part of the app is gone: what it still had on its way is passed on no more, and from its next start on writes are counted from 1.
    /// </summary>
    public void HangUp(Part part)
    {
        if (part.HasFlag(Part.Host))
            Interlocked.Increment(ref _hosts);
        if (part.HasFlag(Part.Worker))
            Interlocked.Increment(ref _workers);
        lock (_times)
            _times.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        if (_relay is not null)
            await _relay.DisposeAsync();
        _storage.Dispose();
        _tenant.Dispose();
        _certificate.Dispose();
        _oneAtATime.Dispose();
    }

    private async Task PassAsync(RelayedRequest request)
    {
        var (service, method, target, body, context) = request;
        var by = By(service, target, body);
        var caller = Caller(by);
        var what = IsWrite(service, method, target) ? What(service, method, target, body) : null;
        var moment = await BeforeAsync(what, by, caller);
        using var response = caller == Caller(by) ? await AnswerAsync(request) : null;
        if (response is null)
        {
            Unheard(what ?? $"{service} {method} {target}");
            context.Abort();
            return;
        }
        var answer = await response.Content.ReadAsByteArrayAsync();
        await AfterAsync(moment, caller, response.IsSuccessStatusCode);
        // Whoever asked or whoever answered is gone.
        if (caller != Caller(by) || (service != Tenant && Azurite is null))
        {
            context.Abort();
            return;
        }
        await HttpRelay.AnswerAsync(request, response, answer);
    }

    // One at a time: while one write's moment lasts, none other begins or ends.
    private async Task<Moment?> BeforeAsync(string? what, Part by, int caller)
    {
        if (what is null)
            return null;
        await _oneAtATime.WaitAsync();
        try
        {
            if (caller != Caller(by))
                return null;
            Moment moment;
            lock (_times)
                moment = what.Contains(Made, StringComparison.Ordinal)
                    ? new(by, what, "all", 1)
                    : new(by, what, _after, _times[what] = _times.GetValueOrDefault(what) + 1);
            await At(moment, Cut.Unsent);
            return moment;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task AfterAsync(Moment? moment, int caller, bool done)
    {
        if (moment is null)
            return;
        await _oneAtATime.WaitAsync();
        try
        {
            // Done is done, whether or not the caller still lives.
            if (done && moment.What.Contains(Commit, StringComparison.Ordinal) && !Word().IsMatch(moment.What) && _after != moment.What)
            {
                _after = moment.What;
                lock (_times)
                    _times.Clear();
            }
            if (caller == Caller(moment.By))
                await At(moment, Cut.Unanswered);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private int Caller(Part by) => by == Part.Host ? Volatile.Read(ref _hosts) : Volatile.Read(ref _workers);

    // The engine's tables, queues and blobs, and the host's own, are written by the host alone.
    private static Part By(int service, string target, byte[] body) =>
        service switch
        {
            Queues => Part.Host,
            Tables when IsEngines(target) || Encoding.UTF8.GetString(body).Contains($"/{Hub}", StringComparison.OrdinalIgnoreCase) =>
                Part.Host,
            Blobs when IsEngines(target) => Part.Host,
            _ => Part.Worker,
        };

    private static bool IsEngines(string target) =>
        target.Contains($"/{Hub}", StringComparison.OrdinalIgnoreCase) || target.Contains("/azure-webjobs-", StringComparison.Ordinal);

    private void Unheard(string what)
    {
        lock (_unheard)
            _unheard[what] = _unheard.GetValueOrDefault(what) + 1;
    }

    // Null when the storage is not there.
    private async Task<HttpResponseMessage?> AnswerAsync(RelayedRequest request)
    {
        var storage = Azurite;
        if (request.Service != Tenant && storage is null)
            return null;
        var address = request.Service switch
        {
            Blobs => $"http://127.0.0.1:{storage!.BlobPort}",
            Queues => $"http://127.0.0.1:{storage!.QueuePort}",
            Tables => $"http://127.0.0.1:{storage!.TablePort}",
            _ => $"https://localhost:{_sandbox.Port}",
        };
        try
        {
            return await HttpRelay.SendAsync(request, request.Service == Tenant ? _tenant : _storage, address);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException && request.Service != Tenant)
        {
            return null;
        }
    }

    // A lease that is renewed, a queue that is looked into and a token are no steps of anything.
    private static bool IsWrite(int service, string method, string target) =>
        method is not ("GET" or "HEAD")
        && service switch
        {
            Blobs => !target.Contains("comp=lease", StringComparison.Ordinal)
                && !target.Contains("/azure-webjobs-", StringComparison.Ordinal),
            Queues => method == "POST" || target.Contains("/messages/", StringComparison.Ordinal) && method == "DELETE",
            Tables => !target.Contains($"/{Hub}Partitions", StringComparison.OrdinalIgnoreCase),
            _ => !target.Contains("/oauth2/", StringComparison.Ordinal)
                && !target.Contains("Microsoft.ResourceGraph", StringComparison.OrdinalIgnoreCase),
        };

    private const string Commit = "commit ";

    // The task hub of host.json.
    private const string Hub = "ComplianceFunctions";

    // What every start of the app makes sure of: new once only.
    private const string Made = "made ";

    private static string What(int service, string method, string target, byte[] body)
    {
        var (path, query) = target.Split('?', 2) is [var p, var q] ? (p, q) : (target, "");
        return service switch
        {
            Blobs when query == "restype=container" => $"blob {Made}{path}",
            Blobs => $"blob {method} {path}{(Comp().Match(query) is { Success: true } comp ? $" {comp.Value}" : "")}",
            Tables when path.EndsWith("/Tables", StringComparison.Ordinal) => $"table {Made}{Encoding.UTF8.GetString(body)}",
            Tables when path.EndsWith("/$batch", StringComparison.Ordinal) => Transaction(Encoding.UTF8.GetString(body)),
            Tables => $"table {method} {path}",
            Queues => $"queue {method} {path.Split("/messages", 2)[0]}",
            _ => $"tenant {method} {path}",
        };
    }

    // A commit is named by what it adds to the history, and not by its number: an event from outside that is raised again and again is the
    // same each time.
    private static string Transaction(string body)
    {
        if (!body.Contains($"/{Hub}History", StringComparison.Ordinal))
            return $"table POST $batch {string.Join(' ', Rows().Matches(body).Select(r => r.Groups[1].Value))}";
        var events = body.Split('\n')
            .Where(line => line.StartsWith('{'))
            .Select(line => JsonNode.Parse(line)!)
            .Select(e => $"{e["EventType"]} {e["Name"]}".TrimEnd())
            .Where(e => e.Length > 0 && !e.StartsWith("Orchestrator", StringComparison.Ordinal));
        return $"table {Commit}{string.Join(", ", events)}";
    }

    // A word from outside alone: it moves nothing on by itself.
    [GeneratedRegex("commit EventRaised [a-z-]+$")]
    private static partial Regex Word();

    [GeneratedRegex("RowKey='([^']+)'")]
    private static partial Regex Rows();

    [GeneratedRegex("comp=[a-z]+")]
    private static partial Regex Comp();

    // The app trusts it by its thumbprint alone.
    private static X509Certificate2 Certificate(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=wire on localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        // TLS on Windows and macOS wants a key that came in through PKCS#12.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), password: null);
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SandboxTenant.Data;

/// <summary>
/// What was changed since the tenant was loaded, one JSON line a change, played over the loaded tenant at the next start:
/// <c>{"op":"merge","set":"users","id":"...","value":{"accountEnabled":false}}</c>. Without a state directory changes live in memory alone.
/// </summary>
internal sealed class Journal : IDisposable
{
    /// <summary>The file's name in the state directory.</summary>
    public const string FileName = "changes.jsonl";

    private readonly TenantData _tenant;
    private readonly Lock _gate = new();
    private readonly FileStream? _file;
    private readonly List<(Replica Replica, Func<DateTimeOffset> Clock)> _replicas = [];

    /// <summary>Opens the journal and plays it over the tenant.</summary>
    /// <exception cref="SandboxException">The journal belongs to another tenant, a line before the last is broken, or the file cannot be
    /// used.</exception>
    public Journal(TenantData tenant, string? stateDirectory)
    {
        _tenant = tenant;
        if (stateDirectory is null)
            return;
        var path = Path.Combine(stateDirectory, FileName);
        try
        {
            Directory.CreateDirectory(stateDirectory);
            var options = new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.Read,
            };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            _file = new FileStream(path, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"the state file {path} cannot be used: {e.Message}", e);
        }
        try
        {
            Replay(path);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Changes properties of an object.</summary>
    public void Merge(string set, string id, JsonObject changes) => Do("merge", set, id, changes);

    /// <summary>Puts an object.</summary>
    public void Put(string set, string id, JsonObject value) => Do("put", set, id, value);

    /// <summary>Takes an object away.</summary>
    public void Delete(string set, string id) => Do("delete", set, id, null);

    /// <summary>Adds a version of a vault object; the id is <c>name/version</c>.</summary>
    public void Version(string set, string id, JsonObject value) => Do("version", set, id, value);

    /// <summary>Puts a version of a vault object in its place; the id is <c>name/version</c>.</summary>
    public void Update(string set, string id, JsonObject value) => Do("update", set, id, value);

    /// <summary>A copy of the directory that learns of changes late.</summary>
    /// <param name="lag">How late.</param>
    /// <param name="clock">The tenant's clock.</param>
    public Replica Follow(TimeSpan lag, Func<DateTimeOffset> clock)
    {
        lock (_gate)
        {
            var replica = new Replica(_tenant.CopyOfDirectory(), lag);
            _replicas.Add((replica, clock));
            return replica;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private void Do(string op, string set, string id, JsonObject? value)
    {
        var line = new JsonObject
        {
            ["op"] = op,
            ["set"] = set,
            ["id"] = id,
            ["value"] = value?.DeepClone(),
        };
        lock (_gate)
        {
            Apply(_tenant, op, set, id, value);
            foreach (var (replica, clock) in _replicas)
                if (!set.StartsWith("vaults/", StringComparison.Ordinal))
                    replica.Apply(clock(), op, set, id, value);
            Write(line);
        }
    }

    private void Write(JsonObject line)
    {
        if (_file is null)
            return;
        _file.Write([.. Json.Bytes(line), (byte)'\n']);
        _file.Flush();
    }

    /// <summary>Makes one change in a tenant.</summary>
    /// <exception cref="FormatException">There is no such kind of change.</exception>
    /// <exception cref="ArgumentException">There is no such set.</exception>
    public static void Apply(TenantData tenant, string op, string set, string id, JsonObject? value)
    {
        switch (op)
        {
            case "merge":
                if (tenant.Set(set).Find(id) is { } entity)
                    tenant.Set(set).Put(entity.Id, Json.Merge(entity.Json, value!));
                break;
            case "put":
                tenant.Set(set).Put(id, Json.Bytes(value!));
                break;
            case "version":
                TenantReader.AddVersion(Objects(tenant, set), id.Split('/')[0], id.Split('/')[1], Json.Bytes(value!));
                break;
            case "update":
                Objects(tenant, set).Versions.Put(id, Json.Bytes(value!));
                if (Objects(tenant, set).CurrentVersion.GetValueOrDefault(id.Split('/')[0]) == id.Split('/')[1])
                    Objects(tenant, set).Current.Put(id.Split('/')[0], Json.Bytes(value!));
                break;
            case "delete":
                if (tenant.Set(set).Find(id) is not null)
                    tenant.Remove(set, id);
                if (set == "users")
                    tenant.DeletedUsers[id] = true;
                break;
            default:
                throw new FormatException($"there is no change \"{op}\"");
        }
    }

    private static VaultObjects Objects(TenantData tenant, string set) => tenant.Vault(set.Split('/')[1]).Of(set.Split('/')[2])!;

    private void Replay(string path)
    {
        var content = new byte[_file!.Length];
        _file.ReadExactly(content);
        var (start, number) = (0, 0);
        while (start < content.Length)
        {
            number++;
            var end = Array.IndexOf(content, (byte)'\n', start);
            if (end < 0)
            {
                // The process ended while it wrote: the change was never acknowledged.
                _tenant.Notices.Add(
                    string.Create(CultureInfo.InvariantCulture, $"{path}: line {number} was cut off while it was written and is dropped")
                );
                _file.SetLength(start);
                break;
            }
            Line(path, number, content.AsMemory(start, end - start));
            start = end + 1;
        }
        _file.Seek(0, SeekOrigin.End);
        if (_file.Length == 0)
            Write(new JsonObject { ["op"] = "tenant", ["id"] = _tenant.TenantId });
    }

    private void Line(string path, int number, ReadOnlyMemory<byte> line)
    {
        try
        {
            var change = JsonNode.Parse(line.Span)!.AsObject();
            var (op, id) = (change["op"]!.GetValue<string>(), change["id"]!.GetValue<string>());
            if (op != "tenant")
                Apply(_tenant, op, change["set"]!.GetValue<string>(), id, change["value"]?.AsObject());
            else if (id != _tenant.TenantId)
                throw new SandboxException(
                    $"{path}: holds the changes of tenant {id}, not of {_tenant.TenantId}; name another state directory or remove the file"
                );
        }
        catch (Exception e)
            when (e
                    is JsonException
                        or InvalidOperationException
                        or NullReferenceException
                        or FormatException
                        or ArgumentException
                        or IndexOutOfRangeException
            )
        {
            throw new SandboxException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{path}: line {number} is not a change the sandbox wrote: "
                        + $"{Encoding.UTF8.GetString(line.Span[..Math.Min(80, line.Length)])}"
                ),
                e
            );
        }
    }
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Infra.Tests;
using Local;

[assembly: AssemblyFixture(typeof(Templates))]

namespace Infra.Tests;

/// <summary>Both templates, compiled once, and what each case of <c>Cases</c> would deploy.</summary>
public sealed class Templates : IAsyncLifetime
{
    /// <summary>The tenant that is deployed into.</summary>
    public const string Tenant = "22222222-2222-2222-2222-222222222222";

    /// <summary>The subscription that is deployed into.</summary>
    public const string Subscription = "11111111-1111-1111-1111-111111111111";

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
    };

    private readonly Dictionary<string, Deployment> _cases = [];
    private readonly Dictionary<string, JsonObject> _snapshots = [];
    private readonly Dictionary<string, JsonObject> _compiled = [];
    private readonly List<string> _remarks = [];

    /// <summary>Mode "report", and nothing chosen that need not be.</summary>
    internal Deployment Report => Case("report");

    /// <summary>Mode "enforce", and everything chosen that can be.</summary>
    internal Deployment Enforce => Case("enforce");

    /// <summary>Mode "report" with a network, and nothing else chosen.</summary>
    internal Deployment ReportWithNetwork => Case("report-network");

    /// <summary>Mode "enforce", and nothing else chosen.</summary>
    internal Deployment EnforceOnly => Case("enforce-only");

    /// <summary>The evidence as it is deployed first.</summary>
    internal Deployment Evidence => Case("evidence");

    /// <summary>The evidence once its policy was locked, with a network.</summary>
    internal Deployment LockedEvidence => Case("evidence-locked");

    /// <summary>All cases.</summary>
    internal IReadOnlyList<Deployment> All => [Report, ReportWithNetwork, EnforceOnly, Enforce, Evidence, LockedEvidence];

    /// <summary>Everything that compiler and linter remark.</summary>
    internal IReadOnlyList<string> Remarks
    {
        get
        {
            SkipWhereItDoesNotRun();
            return _remarks;
        }
    }

    /// <summary>A folder of the checkout.</summary>
    internal static string Folder(params string[] parts) => Path.Combine([RepositoryRoot.Find(), .. parts]);

    /// <summary>A template as Resource Manager gets it.</summary>
    /// <param name="name"><c>main</c> or <c>evidence</c>.</param>
    internal JsonObject Compiled(string name)
    {
        SkipWhereItDoesNotRun();
        Assert.True(_compiled.ContainsKey(name), string.Join('\n', _remarks));
        return _compiled[name];
    }

    /// <summary>What a case would deploy, as text.</summary>
    /// <param name="name">Its file in <c>Cases</c>.</param>
    internal string Snapshot(string name)
    {
        SkipWhereItDoesNotRun();
        Assert.True(_snapshots.ContainsKey(name), string.Join('\n', _remarks));
        var text = _snapshots[name].DeepClone().AsObject();
        // The compiler gives them in any order.
        text["outputs"] = new JsonObject(
            text["outputs"]!
                .AsObject()
                .OrderBy(o => o.Key, StringComparer.Ordinal)
                .Select(o => KeyValuePair.Create(o.Key, o.Value?.DeepClone()))
        );
        return text.ToJsonString(Readable);
    }

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (!Bicep.Runs)
            return;
        await using var bicep = Bicep.Start();
        foreach (var name in new[] { "main", "evidence" })
        {
            var (template, remarks) = await bicep.CompileAsync(Folder("infra", $"{name}.bicep"));
            _remarks.AddRange(remarks);
            if (template is not null)
                _compiled[name] = template;
        }
        // What does not compile has no cases; the remarks are then the answer to each question.
        if (_compiled.Count < 2)
            return;
        foreach (var file in Directory.EnumerateFiles(Folder("tests", "Infra.Tests", "Cases"), "*.bicepparam"))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            _snapshots[name] = await bicep.SnapshotAsync(file);
            _cases[name] = new(_snapshots[name]);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static void SkipWhereItDoesNotRun() =>
        Assert.SkipUnless(Bicep.Runs, "the compiler's package holds the program for Linux on x64 alone");

    private Deployment Case(string name)
    {
        SkipWhereItDoesNotRun();
        Assert.True(_cases.ContainsKey(name), string.Join('\n', _remarks));
        return _cases[name];
    }
}

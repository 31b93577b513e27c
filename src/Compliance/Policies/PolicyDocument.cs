using Newtonsoft.Json.Linq;

namespace Compliance.Policies;

/// <summary>A policy file that was read and found to be valid against its schema, with the place of everything in it.</summary>
/// <param name="file">File name as given, for problems.</param>
/// <param name="root">The document.</param>
/// <param name="places">Line and column (from 1) of each key and value, by path, for example <c>overrides[1].match.tag</c>.</param>
internal sealed class PolicyDocument(string file, JObject root, IReadOnlyDictionary<string, PolicyPlace> places)
{
    /// <summary>File name as given.</summary>
    public string File => file;

    /// <summary>The whole document.</summary>
    public PolicyNode Root => new(this, root, "");

    /// <summary>A problem at the value that stands at a path, or at the nearest value around it.</summary>
    public PolicyProblem ProblemAt(string path, string message)
    {
        var place = PlaceOf(places, path);
        return new(file, place.Line, place.Column, message);
    }

    /// <summary>The place of a path; of the nearest path around it when it is not in the file itself (a missing property).</summary>
    internal static PolicyPlace PlaceOf(IReadOnlyDictionary<string, PolicyPlace> places, string path)
    {
        while (true)
        {
            if (places.TryGetValue(path, out var place))
                return place;
            var cut = path.LastIndexOfAny(['.', '[']);
            if (cut < 0)
                return places.GetValueOrDefault("", new PolicyPlace(1, 1, 1, 1));
            path = path[..cut];
        }
    }
}

/// <summary>Where a value stands, and where its key does (the same place for an item of a list).</summary>
internal readonly record struct PolicyPlace(long Line, long Column, long KeyLine, long KeyColumn);

/// <summary>One value of a policy document that knows its place.</summary>
internal readonly struct PolicyNode(PolicyDocument document, JToken token, string path)
{
    /// <summary>Path of the value, for example <c>waivers[0].expires</c>; empty for the document.</summary>
    public string Path => path;

    /// <summary>The line it stands on, from 1.</summary>
    public long Line => document.ProblemAt(path, "").Line;

    /// <summary>The value as text.</summary>
    public string Text => token.Value<string>() ?? "";

    /// <summary>The value as true or false. Call it only where the schema says boolean.</summary>
    public bool Flag => token.Value<bool>();

    /// <summary>A property of it; null when the file does not set it.</summary>
    public PolicyNode? this[string name] =>
        token is JObject o && o.TryGetValue(name, StringComparison.Ordinal, out var value)
            ? new(document, value, YamlPolicyReader.Join(path, name))
            : null;

    /// <summary>The items of a list.</summary>
    public IEnumerable<PolicyNode> Items()
    {
        if (token is not JArray array)
            yield break;
        for (var i = 0; i < array.Count; i++)
            yield return new(document, array[i], $"{path}[{i}]");
    }

    /// <summary>The properties of a mapping, in file order.</summary>
    public IEnumerable<(string Name, PolicyNode Value)> Properties()
    {
        if (token is not JObject o)
            yield break;
        foreach (var property in o.Properties())
            yield return (property.Name, new(document, property.Value, YamlPolicyReader.Join(path, property.Name)));
    }

    /// <summary>A problem with this value.</summary>
    public PolicyProblem Problem(string message) => document.ProblemAt(path, message);
}

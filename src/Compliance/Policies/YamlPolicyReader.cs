using System.Globalization;
using System.Text;
using Compliance.Text;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using NJsonSchema.Validation;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Compliance.Policies;

/// <summary>
/// Reads a policy file: YAML to a document that is valid against a schema, or every problem with its line and column.
/// It works on the parser's events and expands nothing: an anchor, alias, tag or merge key is refused where it stands, so a file can
/// neither refer to itself nor grow while it is read.
/// </summary>
/// <remarks>Plain scalars are typed as in the core schema of YAML 1.2 (<c>yes</c> and <c>on</c> are text, not true).</remarks>
internal static class YamlPolicyReader
{
    /// <summary>Largest file that is read, in bytes of UTF-8.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>Deepest nesting that is read.</summary>
    public const int MaxDepth = 32;

    /// <summary>Most problems that are listed; a file with more has that reported.</summary>
    public const int MaxProblems = 100;

    /// <summary>Reads and validates.</summary>
    /// <param name="yaml">Text of the file.</param>
    /// <param name="fileName">Its name, for problems.</param>
    /// <param name="schema">What it must look like.</param>
    /// <exception cref="PolicyException">It cannot be used; every problem found is listed, in file order.</exception>
    public static PolicyDocument Read(string yaml, string fileName, PolicySchema schema)
    {
        if (Encoding.UTF8.GetByteCount(yaml) > MaxBytes)
            throw new PolicyException([new(fileName, 1, 1, $"the file is larger than {MaxBytes / 1024} KiB")]);

        var builder = new Builder(fileName);
        var root = builder.Build(yaml);
        if (builder.Problems.Count == 0 && root is null)
            builder.Problems.Add(new(fileName, 1, 1, "the file must be a mapping of keys to values"));
        if (root is not null)
            Validate(root, schema.Schema, fileName, builder);
        Throw(builder.Problems);
        return new(fileName, root!, builder.Places);
    }

    /// <summary>Throws when there are problems: in file order, each once.</summary>
    /// <exception cref="PolicyException">There are problems.</exception>
    public static void Throw(IReadOnlyCollection<PolicyProblem> problems)
    {
        if (problems.Count == 0)
            return;
        var ordered = problems
            .Distinct()
            .OrderBy(p => p.Line)
            .ThenBy(p => p.Column)
            .ThenBy(p => p.Message, StringComparer.Ordinal)
            .ToList();
        if (ordered.Count > MaxProblems)
        {
            var left = ordered.Count - MaxProblems;
            ordered.RemoveRange(MaxProblems, left);
            ordered.Add(ordered[^1] with { Message = $"and {left} more problems" });
        }

        throw new PolicyException(ordered);
    }

    /// <summary>The path of a property, in the validator's own notation.</summary>
    internal static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static void Validate(JObject root, JsonSchema schema, string fileName, Builder builder)
    {
        foreach (var error in schema.Validate(root))
            Report(error);

        void Report(ValidationError error)
        {
            if (error is ChildSchemaValidationError child && child.Errors.Count > 0)
            {
                foreach (var inner in child.Errors.SelectMany(e => e.Value))
                    Report(inner);
                return;
            }

            var path = error.Path is { } p && p.StartsWith("#/", StringComparison.Ordinal) ? p[2..] : "";
            var place = PolicyDocument.PlaceOf(builder.Places, path);
            var atKey = error.Kind == ValidationErrorKind.NoAdditionalPropertiesAllowed;
            builder.Problems.Add(
                new(fileName, atKey ? place.KeyLine : place.Line, atKey ? place.KeyColumn : place.Column, Message(error, path, root))
            );
        }
    }

    private static string Message(ValidationError error, string path, JObject root)
    {
        var schema = error.Schema.ActualSchema;
        var at = path.Length == 0 ? "the file" : $"'{path}'";
        var name = path[(path.LastIndexOf('.') + 1)..];
        var allowed = schema.ExtensionData?.TryGetValue(PolicySchema.AllowedKeyword, out var words) == true ? $"{words}" : null;
        return error.Kind switch
        {
            ValidationErrorKind.NoAdditionalPropertiesAllowed => Unknown(name, schema),
            ValidationErrorKind.PropertyRequired => $"'{error.Property}' is missing{In(path, error.Property)}",
            ValidationErrorKind.NotInEnumeration => $"{at} is {Value(path, root)}; allowed: "
                + $"{string.Join(", ", schema.Enumeration)}{DidYouMean(Raw(path, root), schema.Enumeration.Select(e => $"{e}"))}",
            ValidationErrorKind.TooFewItems => $"{at} needs at least {schema.MinItems} entries",
            ValidationErrorKind.TooManyItems => $"{at} has more than {schema.MaxItems} entries",
            ValidationErrorKind.ItemsNotUnique => $"{at} names an entry twice",
            ValidationErrorKind.TooManyProperties or ValidationErrorKind.TooFewProperties when allowed is not null =>
                $"{at} must be {allowed}",
            ValidationErrorKind.TooFewProperties =>
                $"{at} needs at least {schema.MinProperties} of: {string.Join(", ", schema.Properties.Keys)}",
            ValidationErrorKind.StringTooShort => $"{at} must not be empty",
            ValidationErrorKind.StringTooLong => $"{at} is longer than {schema.MaxLength} characters",
            _ when allowed is not null => $"{at} is {Value(path, root)}; allowed: {allowed}",
            ValidationErrorKind.StringExpected => $"{at} is {Value(path, root)}; allowed: text",
            ValidationErrorKind.BooleanExpected => $"{at} is {Value(path, root)}; allowed: true or false",
            ValidationErrorKind.IntegerExpected => $"{at} is {Value(path, root)}; allowed: a whole number",
            ValidationErrorKind.ArrayExpected => $"{at} is {Value(path, root)}; allowed: a list",
            ValidationErrorKind.ObjectExpected => $"{at} is {Value(path, root)}; allowed: a mapping of keys to values",
            _ => $"{at} is {Value(path, root)}, which breaks the rule {error.Kind} of the schema",
        };
    }

    private static string In(string path, string? property)
    {
        var parent =
            property is not null && path.EndsWith(property, StringComparison.Ordinal) ? path[..^property.Length].TrimEnd('.') : path;
        return parent.Length == 0 ? "" : $" in '{parent}'";
    }

    private static string Unknown(string name, JsonSchema schema)
    {
        var known = schema.Properties.Keys.ToList();
        return $"unknown key '{name}'{DidYouMean(name, known)}; known keys: {string.Join(", ", known)}";
    }

    private static string DidYouMean(string? given, IEnumerable<string> known)
    {
        if (given is null)
            return "";
        var (best, distance) = known
            .Select(k => (k, EditDistance.Between(given, k)))
            .DefaultIfEmpty(("", int.MaxValue))
            .MinBy(p => p.Item2);
        return distance <= Math.Max(1, Math.Min(given.Length, best.Length) / 3) ? $", did you mean '{best}'?" : "";
    }

    private static string? Raw(string path, JObject root) =>
        Find(path, root) is JValue { Value: { } value } ? Convert.ToString(value, CultureInfo.InvariantCulture) : null;

    private static string Value(string path, JObject root) =>
        Find(path, root) switch
        {
            JObject => "a mapping",
            JArray => "a list",
            JValue { Value: null } or null => "empty",
            JValue { Type: JTokenType.Boolean } b => (bool)b ? "true" : "false",
            JValue { Type: JTokenType.String } s => $"'{Shortened((string)s!)}'",
            var number => $"the bare number {number.ToString(Newtonsoft.Json.Formatting.None)}",
        };

    private static string Shortened(string text) => text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 57), "...");

    private static JToken? Find(string path, JObject root)
    {
        JToken? at = root;
        foreach (var step in path.Split(['.', '['], StringSplitOptions.RemoveEmptyEntries))
            at = at switch
            {
                JArray array when step.EndsWith(']') && int.TryParse(step.AsSpan(0, step.Length - 1), out var i) && i < array.Count =>
                    array[i],
                JObject o => o[step],
                _ => null,
            };
        return at;
    }

    private sealed class Builder(string file)
    {
        public List<PolicyProblem> Problems { get; } = [];

        public Dictionary<string, PolicyPlace> Places { get; } = new(StringComparer.Ordinal);

        public JObject? Build(string yaml)
        {
            var parser = new Parser(new StringReader(yaml));
            try
            {
                parser.Consume<StreamStart>();
                if (parser.Accept<StreamEnd>(out _))
                    return null;
                parser.Consume<DocumentStart>();
                var mark = parser.Current!.Start;
                var token = Node(parser, "", depth: 0, mark);
                parser.Consume<DocumentEnd>();
                if (!parser.Accept<StreamEnd>(out _))
                    Add(parser.Current!.Start, "a policy file holds one document; remove what follows '---'");
                if (token is not JObject)
                    Add(mark, "the file must be a mapping of keys to values");
                return token as JObject;
            }
            catch (YamlException e)
            {
                // Never the exception's whole text: it may be long, and repeats the place.
                Add(e.Start, $"this is not YAML: {(e.InnerException as YamlException ?? e).Message}");
                return null;
            }
            catch (TooDeepException e)
            {
                Add(e.Mark, $"nested more than {MaxDepth} deep");
                return null;
            }
        }

        private JToken Node(Parser parser, string path, int depth, Mark key)
        {
            if (depth > MaxDepth)
                throw new TooDeepException(parser.Current!.Start);
            if (parser.TryConsume<AnchorAlias>(out var alias))
            {
                Add(alias.Start, $"aliases (*{alias.Value}) are not allowed in a policy; repeat the value");
                Place(path, alias.Start, key);
                return JValue.CreateNull();
            }

            if (parser.Current is NodeEvent node)
            {
                Place(path, node.Start, key);
                if (!node.Anchor.IsEmpty)
                    Add(node.Start, $"anchors (&{node.Anchor}) are not allowed in a policy; repeat the value");
                if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific)
                    Add(node.Start, $"tags ({node.Tag}) are not allowed in a policy");
            }

            if (parser.TryConsume<MappingStart>(out _))
                return Mapping(parser, path, depth);
            if (parser.TryConsume<SequenceStart>(out _))
            {
                var list = new JArray();
                while (!parser.TryConsume<SequenceEnd>(out _))
                    list.Add(Node(parser, $"{path}[{list.Count}]", depth + 1, parser.Current!.Start));
                return list;
            }

            return Typed(parser.Consume<Scalar>());
        }

        private JObject Mapping(Parser parser, string path, int depth)
        {
            var result = new JObject();
            var lines = new Dictionary<string, long>(StringComparer.Ordinal);
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var start = parser.Current!.Start;
                if (!parser.TryConsume<Scalar>(out var key))
                {
                    Add(start, "a key must be plain text");
                    Node(parser, path + ".?", depth + 1, start);
                    Node(parser, path + ".?", depth + 1, start);
                    continue;
                }

                if (!key.Anchor.IsEmpty)
                    Add(start, $"anchors (&{key.Anchor}) are not allowed in a policy; repeat the value");
                var name = key.Value;
                if (name == "<<")
                    Add(start, "merge keys (<<) are not allowed in a policy; repeat the values");
                var twice = !lines.TryAdd(name, start.Line);
                if (twice)
                    Add(start, $"the key '{name}' is here twice; first on line {lines[name]}");
                var value = Node(parser, twice || name == "<<" ? path + ".?" : Join(path, name), depth + 1, start);
                if (!twice && name != "<<")
                    result.Add(name, value);
            }

            return result;
        }

        private static JValue Typed(Scalar scalar)
        {
            var text = scalar.Value;
            if (!scalar.IsPlainImplicit || scalar.Style != ScalarStyle.Plain)
                return new JValue(text);
            return text switch
            {
                "" or "~" or "null" or "Null" or "NULL" => JValue.CreateNull(),
                "true" or "True" or "TRUE" => new JValue(true),
                "false" or "False" or "FALSE" => new JValue(false),
                _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => new JValue(whole),
                _ when char.IsAsciiDigit(text[^1])
                        && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => new JValue(number),
                _ => new JValue(text),
            };
        }

        private void Place(string path, Mark value, Mark key) => Places.TryAdd(path, new(value.Line, value.Column, key.Line, key.Column));

        private void Add(Mark at, string message) => Problems.Add(new(file, Math.Max(1, at.Line), Math.Max(1, at.Column), message));
    }

    private sealed class TooDeepException(Mark mark) : Exception
    {
        public Mark Mark => mark;
    }
}

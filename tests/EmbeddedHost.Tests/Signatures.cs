using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace EmbeddedHost.Tests;

/// <summary>Writes types as official-api.txt has them; names of the mirror's types are written as the official ones.</summary>
internal sealed class Signatures(string mirror, IReadOnlyDictionary<string, string> official)
{
    internal const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(int)] = "int",
        [typeof(object)] = "object",
        [typeof(void)] = "void",
    };

    public string Header(Type type)
    {
        if (type.IsSubclassOf(typeof(Delegate)))
            return $"delegate {Name(type)}";
        var kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct"
            : type is { IsAbstract: true, IsSealed: true } ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
        var parent = type is { IsClass: true, BaseType: { } b } && b != typeof(object) ? $" : {Name(b)}" : "";
        return $"{kind} {Name(type)}{parent}";
    }

    public IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
            return Enum.GetNames(type).Select(n => string.Create(CultureInfo.InvariantCulture, $"{n} = {Convert.ToInt32(Enum.Parse(type, n), CultureInfo.InvariantCulture)}"));
        if (type.IsSubclassOf(typeof(Delegate)))
            return [Method(type.GetMethod("Invoke")!, "")];
        return type.GetConstructors(Declared & ~BindingFlags.Static).Where(Shown).Select(c => $"ctor({Parameters(c)})")
            .Concat(type.GetProperties(Declared).Select(Property).OfType<string>())
            .Concat(type.GetMethods(Declared).Where(m => Shown(m) && !m.IsSpecialName && m.GetBaseDefinition() == m).Select(m => Method(m, Modifier(m))))
            .Concat(type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily).Select(f => $"field {Name(f.FieldType)} {f.Name}"))
            .Concat(type.GetEvents(Declared).Select(e => $"event {e.Name}"));
    }

    // What the compiler adds to a record is the same on both sides.
    private static bool Shown(MethodBase method) =>
        (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly) && (method.IsSpecialName || !method.IsDefined(typeof(CompilerGeneratedAttribute)));

    private static string Modifier(MethodInfo method) =>
        method.IsStatic ? "static " : method.IsAbstract ? "abstract " : method.IsVirtual ? "virtual " : "";

    private string Method(MethodInfo method, string modifier)
    {
        var generic = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";
        return $"{modifier}{Name(method.ReturnType)} {method.Name}{generic}({(method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "")}{Parameters(method)})";
    }

    private string? Property(PropertyInfo property)
    {
        var get = property.GetMethod is { } g && Shown(g) ? " get;" : "";
        var set = property.SetMethod is { } s && Shown(s)
            ? s.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? " init;" : " set;"
            : "";
        return get + set is "" ? null : $"{Name(property.PropertyType)} {property.Name} {{{get}{set} }}";
    }

    private string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p =>
        (p.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "") + $"{Name(p.ParameterType)} {p.Name}"
        + (p.HasDefaultValue ? $" = {p.DefaultValue ?? "default"}" : "")));

    private string Name(Type type)
    {
        if (Keywords.TryGetValue(type, out var keyword))
            return keyword;
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (type.IsGenericParameter)
            return type.Name;
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return Name(inner) + "?";
        var name = type.Name.Split('`')[0];
        var full = type.Namespace == mirror ? official.GetValueOrDefault(name, $"{mirror}.{name}") : $"{type.Namespace}.{name}";
        return type.IsGenericType ? $"{full}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : full;
    }
}

metadata description = 'A role of this app\'s own, where every built-in one may do more than the app does.'

targetScope = 'subscription'

@description('Unique in the tenant.')
param roleName string

param serves string
param actions string[] = []
param dataActions string[] = []

resource definition 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, roleName)
  properties: {
    roleName: roleName
    description: serves
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [{ actions: actions, notActions: [], dataActions: dataActions, notDataActions: [] }]
  }
}

output id string = definition.name
